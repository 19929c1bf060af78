/** The lines of answers that differ: names of fields, and values only where they are asked for. So many a minute. */
import type { FastifyBaseLogger } from 'fastify';
import { hidden, isSecretName, redacted } from '../../compare/redact.ts';
import type { Options } from '../../gateway/options.ts';
import { fieldMatcher, type NamedDifference } from './named-fields.ts';

type ShadowOptions = NonNullable<Options['shadow']>;

const LINES_PER_MINUTE = 60;
/** Of one line. */
const MAX_FIELDS = 20;
const MAX_VALUE_CHARACTERS = 200;

export class DifferenceLog {
  readonly #log: FastifyBaseLogger;
  readonly #values: ((difference: NamedDifference) => object) | undefined;
  #minute = 0;
  #lines = 0;
  #unlogged = 0;

  constructor(log: FastifyBaseLogger, { logValues, redact }: ShadowOptions) {
    this.#log = log;
    this.#values = logValues ? createValues(redact) : undefined;
  }

  different(call: object, differences: readonly NamedDifference[]): void {
    const shown = differences.slice(0, MAX_FIELDS);
    const fields = [...new Set(shown.map(({ field }) => field))];
    const values = this.#values && { values: shown.map(this.#values) };
    const more = differences.length > shown.length ? { more: differences.length - shown.length } : {};
    this.#write({ ...call, fields, ...more, ...values }, 'shadow: the answers differ');
  }

  failed(call: object): void {
    this.#write(call, 'shadow: no answer to compare');
  }

  #write(line: object, message: string): void {
    const minute = Math.floor(performance.now() / 60_000);
    if (minute !== this.#minute) [this.#minute, this.#lines] = [minute, 0];
    if (this.#lines++ >= LINES_PER_MINUTE) {
      this.#unlogged++;
      return;
    }
    this.#log.warn(this.#unlogged === 0 ? line : { ...line, unlogged: this.#unlogged }, message);
    this.#unlogged = 0;
  }
}

function createValues(redact: readonly string[]): (difference: NamedDifference) => object {
  const isRedacted = fieldMatcher(redact);
  // A value that is a message holds fields of its own; what names them so is redacted wherever it stands in it.
  const inner = new Set(redact.map((name) => name.slice(name.lastIndexOf('.') + 1)));
  const isSecret = (name: string): boolean => isSecretName(name) || inner.has(name) || inner.has(snakeCase(name));
  return ({ field, fields, left, right }) => {
    const isHidden = isRedacted(fields) || fields.some(({ name }) => isSecretName(name));
    const shown = (value: unknown): string =>
      isHidden ? hidden : shortened(JSON.stringify(redacted(value, isSecret)) ?? 'nothing');
    return { field, client: shown(left), shadow: shown(right) };
  };
}

function snakeCase(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE_CHARACTERS ? text : `${text.slice(0, MAX_VALUE_CHARACTERS)}…`;
}
