type Handler = (payload: string) => void;

/** Events by name, delivered at once and in the order of registration. */
export class Bus {
  readonly #handlers = new Map<string, Handler[]>();

  _on(event: string, handler: Handler): void {
    const list = this.#handlers.get(event) ?? [];
    list.push(handler);
    this.#handlers.set(event, list);
  }

  _emit(event: string, payload: string): void {
    this.#handlers.get(event)?./*@bus.each Bus._emit*/forEach((handler) => {
      /*@bus.handler*/handler(payload);
    });
  }
}
