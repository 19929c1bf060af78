import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { FieldViolation } from '../status/status-error.ts';

/** Adds what is wrong with a message: all of it, or no more than the first thing. */
export type MessageCheck = (message: ReflectMessage, found: FieldViolation[], isFirstEnough: boolean) => void;
