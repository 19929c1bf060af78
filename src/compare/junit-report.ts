/** A comparison as JUnit's XML, which CI systems show. */
import type { Report } from './json-report.ts';

export function junitReport(reports: readonly Report[]): string {
  const failures = reports.filter(({ findings }) => findings.length > 0).length;
  const cases = reports.map(({ method, findings, comparison }) => {
    const ms = comparison.results.reduce((sum, { cold }) => sum + (cold?.performed.totalMs ?? 0), 0);
    const failed = findings
      .map(({ kind, text }) => `    <failure type="${escapeXml(kind)}" message="${escapeXml(text)}"/>\n`)
      .join('');
    return `  <testcase classname="tandem.compare" name="${escapeXml(method)}" time="${(ms / 1000).toFixed(3)}">\n${failed}  </testcase>\n`;
  });
  const head = `<testsuite name="tandem compare" tests="${reports.length}" failures="${failures}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${cases.join('')}</testsuite>\n`;
}

/** Text in XML or HTML, also between quotes. What XML cannot hold at all is left out. */
export function escapeXml(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
