// A JSX factory which gives a string: the same views run in a browser and in Node.
export type Html = string;
type Props = Record<string, unknown>;
type Component = (props: any) => Html;

export declare namespace h.JSX {
  type Element = Html;
  interface ElementChildrenAttribute {
    children: {};
  }
  interface IntrinsicElements {
    [tag: string]: Record<string, unknown>;
  }
}

export function h(tag: string | Component, props: Props | null, ...children: unknown[]): Html {
  if (typeof tag === "function") {
    return /*@h.component h*/tag({ ...props, children });
  }
  const attributes = Object.entries(props ?? {}).map(([key, value]) => ` ${key}="${value}"`);
  return `<${tag}${attributes.join("")}>${children.flat(9).join("")}</${tag}>`;
}
