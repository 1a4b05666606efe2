import { wholeNumber } from "./numbers";
import { texts } from "./texts";

/** A price as it came from the server, read only when somebody asks for its value. */
export class Amount {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get _value(): number {
    const value = /*@amount.read get Amount._value*/wholeNumber(this.#text);
    if (value < 0) {
      throw new RangeError(texts.negative);
    }
    return value;
  }
}

export class Money {
  readonly _amount: Amount;

  constructor(amount: Amount) {
    this._amount = amount;
  }

  get _cents(): number {
    /*@money.value.firefox get Money._cents*/return this._amount./*@money.value get Money._cents*/_value;
  }

  static _parse(text: string): Money {
    return new Money(new Amount(text.trim()));
  }

  toString(): string {
    return `${(this._cents / 100).toFixed(2)} ${texts.currency}`;
  }
}
