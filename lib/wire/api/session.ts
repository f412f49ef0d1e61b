// Signing in and who one is: POST, GET and DELETE /api/v1/session, and the users of the product.
import { z } from 'zod';

/**
 * The session travels in an HttpOnly cookie for browsers, or as `Authorization: Bearer` for
 * programs.
 */
export const signInSchema = z.object({
  userName: z.string().min(1).max(80),
  password: z.string().min(1).max(1024),
});

export const sessionViewSchema = z.object({
  user: z.object({ id: z.string(), name: z.string(), fullName: z.string() }),
  roles: z.array(z.string()),
  /** Privileges held on the root folder, for menus; each call is judged on its own objects. */
  privileges: z.array(z.string()),
  expiresAt: z.string(),
  /** Only in the answer to signing in: the bearer token for programs. */
  token: z.string().optional(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

export const changePasswordSchema = z.object({
  currentPassword: z.string().min(1).max(1024),
  newPassword: z.string().min(10).max(1024),
});

export const userViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  fullName: z.string(),
  disabled: z.boolean(),
  roleId: z.number().int(),
  role: z.string(),
  lastSignInAt: z.string().nullable(),
});
export type UserView = z.infer<typeof userViewSchema>;

export const createUserSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9._-]{1,31}$/, 'two to 32 lower-case letters, digits, . _ -'),
  fullName: z.string().max(80).default(''),
  password: z.string().min(10).max(1024),
  roleId: z.number().int(),
});
