export { canonicalJson } from "./canonical-json.ts";
export { type ChainEntry, type ChainHead, chainEvent, firstPreviousHash, hashEvent } from "./hash-chain.ts";
export { type ChainVerdict, verifyChain } from "./verify-chain.ts";
