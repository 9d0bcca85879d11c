/** What it mostly is; one tap each. */
export const reasonSuggestions = [
  "Flood of inbound mail",
  "Mail loop",
  "Spam or phishing wave",
  "Compromised account or host",
  "Mail store or filter is down",
] as const;

/** Why it is lifted or undone. */
export const liftReasonSuggestions = ["It is over", "Set by mistake", "Drill is done"] as const;
