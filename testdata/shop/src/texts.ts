// Every text the shop shows. These stand near the start of the bundle's one long line, and they are not ASCII:
// behind them a column in bytes, in code points and in UTF-16 code units are three different numbers.
export const texts = Object.freeze({
  title: "Café Éclair — pâtisserie 🧁",
  tagline: "Crème brûlée, macarons 🍬 & une 👩🏽‍🍳 de confiance",
  empty: "Votre panier est vide 🛒",
  negative: "Un prix ne peut être négatif 🙃",
  currency: "€",
  unreadable: (what: string) => `Prix illisible « ${what} » 💶`,
});
