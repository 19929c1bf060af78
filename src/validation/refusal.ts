import { GrpcCode } from '../status/code.ts';
import { type FieldViolation, StatusError } from '../status/status-error.ts';

// They go out in a trailer too, and clients take 8 KiB of those: base64 makes four of three, beside which the message stands.
const maxCharacters = 3072;

/** The answer to a message with these violations: all of them in one BadRequest, as far as a trailer holds them. */
export function refusalOf(found: readonly FieldViolation[]): StatusError {
  const violations: FieldViolation[] = [];
  let characters = 0;
  for (const violation of found) {
    const { field, description } = shortened(violation);
    characters += Buffer.byteLength(field) + Buffer.byteLength(description);
    if (characters > maxCharacters) break;
    violations.push({ field, description });
  }
  const [first] = violations;
  const text = first === undefined ? '' : [first.field, first.description].filter((part) => part !== '').join(': ');
  const others = found.length - 1;
  const message = others === 0 ? text : `${text}, and ${others} more`;
  return new StatusError(GrpcCode.INVALID_ARGUMENT, message, { violations });
}

/** Keys of maps, which stand in paths, and texts that rules make may be as long as a client likes. */
function shortened({ field, description }: FieldViolation): FieldViolation {
  const cut = (text: string): string => (text.length <= 250 ? text : `${text.slice(0, 249)}…`);
  return { field: cut(field), description: cut(description) };
}
