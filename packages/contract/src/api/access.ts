import { z } from "zod";
import { limits, userRoleSchema } from "../words.ts";

export const idSchema = z
  .string()
  .min(1)
  .max(limits.idLength)
  .regex(/^[A-Za-z0-9_-]+$/, "letters, digits, _ and - only");
export const isoTimeSchema = z.iso.datetime();
export const emailSchema = z.email().max(limits.addressLength);
export const passwordSchema = z.string().min(12, "at least 12 characters").max(200);
export const personNameSchema = z.string().trim().min(1).max(limits.nameLength);
export const cursorSchema = z.string().max(100).optional();
export const pageSizeSchema = z.coerce.number().int().min(1).max(limits.pageSize).default(50);

/** The first admin: made by the one-time link that the server prints on its console. */
export const setupRequestSchema = z.object({
  token: z.string().min(20).max(200),
  name: personNameSchema,
  email: emailSchema,
  password: passwordSchema,
});
export const setupStatusSchema = z.object({ needed: z.boolean() });

export const signInRequestSchema = z.object({ email: emailSchema, password: z.string().min(1).max(200) });

export const userViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  email: z.string(),
  role: userRoleSchema,
  disabled: z.boolean(),
  createdAt: isoTimeSchema,
});
export type UserView = z.infer<typeof userViewSchema>;
export const sessionViewSchema = z.object({ user: userViewSchema });
export const userListSchema = z.object({ users: z.array(userViewSchema).max(limits.pageSize) });
export const createUserRequestSchema = z.object({
  name: personNameSchema,
  email: emailSchema,
  role: userRoleSchema,
  password: passwordSchema,
});
export const updateUserRequestSchema = z.object({ role: userRoleSchema.optional(), disabled: z.boolean().optional() });
export const changePasswordRequestSchema = z.object({
  currentPassword: z.string().min(1).max(200),
  newPassword: passwordSchema,
});
export const okSchema = z.object({ ok: z.literal(true) });
