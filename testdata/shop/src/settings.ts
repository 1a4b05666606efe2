export class Settings {
  readonly #text: string;
  #values?: Record<string, string>;

  constructor(text: string) {
    this.#text = text;
  }

  get _values(): Record<string, string> {
    /*@settings.parsed.firefox get Settings._values*/return (this.#values ??= this./*@settings.parsed get Settings._values*/_parsed);
  }

  get _parsed(): Record<string, string> {
    return JSON./*@settings.parse get Settings._parsed*/parse(this.#text);
  }
}

export function language(settings: Settings): string {
  const values = settings./*@settings.values language*/_values;
  /*@settings.values.firefox language*/return values.language ?? "fr";
}
