/** An error the shop raises itself; `_code` is for the log. */
export class ShopError extends Error {
  static {
    this.prototype.name = "ShopError";
  }

  readonly _code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    /*@error.super.firefox new ShopError*/super(message, options);
    this._code = code;
  }
}
