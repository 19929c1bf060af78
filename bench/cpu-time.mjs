// CPU time of a process, from /proc.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Fields of /proc/PID/stat from the third on; the second is a name that may hold anything. */
const statOf = (pid) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');

/** The process and all that descend from it. */
function familyOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

/** Microseconds of user and system time that a process and its workers have used. */
export function cpuMicroseconds(pid) {
  const ticks = familyOf(pid).map((member) => Number(statOf(member)[11]) + Number(statOf(member)[12]));
  return (ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond) * 1e6;
}
