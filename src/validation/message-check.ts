import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { FieldViolation } from '../status/status-error.ts';

/** Adds what is wrong with a message. */
export type MessageCheck = (message: ReflectMessage, found: FieldViolation[]) => void;
