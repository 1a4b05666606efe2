import { texts } from "./texts";

/** The whole number a text stands for; a RangeError where it stands for none. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) {
    throw /*@number.throw wholeNumber*/new RangeError(texts.unreadable(text));
  }
  return value;
}
