import type { Match } from "@mailbrake/contract";

function one({ kind, value }: Match): string {
  const isAddress = value.includes("@");
  switch (kind) {
    case "all":
      return "all mail";
    case "client":
      return value.includes("/") ? `from clients in ${value}` : `from client ${value}`;
    case "helo":
      return `from clients that say HELO ${value}`;
    case "sender":
      if (value === "<>") return "from the null sender <> (bounces)";
      return isAddress ? `from ${value}` : `from anyone at ${value}`;
    case "recipient":
      return isAddress ? `to ${value}` : `to anyone at ${value}`;
    case "login":
      return `sent with the login ${value}`;
  }
}

/** What the brake takes hold of, for people, e.g. "from alice@good.test and to anyone at lab.example". */
export function matchInWords(matches: readonly Match[]): string {
  return matches.map(one).join(" and ");
}
