import type { Cart, Line } from "./cart";
import { ShopError } from "./errors";

interface Reservation {
  _until: number;
}

/** Stands for the payment provider, one round trip away. */
class Gateway {
  async _reserve(_cart: Cart): Promise<Reservation> {
    await Promise.resolve();
    return { _until: 0 };
  }

  async _charge(cart: Cart): Promise<number> {
    await this._reserve(cart);
    return /*@gateway.total.firefox Gateway._charge*/cart./*@gateway.total Gateway._charge*/_total;
  }
}

class Attempt {
  readonly #cause: unknown;

  constructor(cause: unknown) {
    this.#cause = cause;
  }

  get _error(): ShopError {
    return /*@attempt.new get Attempt._error*/new ShopError("payment", "Paiement refusé 💳", { cause: this.#cause });
  }
}

export class Checkout {
  readonly #gateway = new Gateway();

  async _submit(cart: Cart): Promise<number[]> {
    /*@checkout.prepare.terser Checkout._submit*/return /*@checkout.prepare Checkout._submit*/await this.#prepare(cart);
  }

  async #prepare(cart: Cart): Promise<number[]> {
    await this.#gateway._reserve(cart);
    return cart._lines./*@checkout.map Checkout.#prepare*/map((line) => this./*@checkout.line*/#price(line));
  }

  #price(line: Line): number {
    /*@checkout.cents.firefox Checkout.#price*/return line./*@checkout.cents Checkout.#price*/_cents;
  }

  async _pay(cart: Cart): Promise<number> {
    try {
      /*@pay.charge.terser Checkout._pay*/return /*@pay.charge Checkout._pay*/await this.#gateway._charge(cart);
    } catch (cause) {
      throw this./*@pay.failure Checkout._pay*/#failure(cause);
    }
  }

  #failure(cause: unknown): ShopError {
    return /*@pay.error.firefox Checkout.#failure*/new Attempt(cause)./*@pay.error Checkout.#failure*/_error;
  }
}
