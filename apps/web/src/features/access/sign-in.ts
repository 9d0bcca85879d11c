import { okSchema, sessionViewSchema } from "@mailbrake/contract";
import { send } from "../../api/client.ts";

/** @throws ApiError `wrong-credentials`, `too-many-requests`, … */
export function signIn(email: string, password: string) {
  return send("POST", "/api/auth/sign-in/email", { email, password }, sessionViewSchema);
}

/** @throws ApiError */
export function signOut() {
  return send("POST", "/api/auth/sign-out", {}, okSchema);
}
