import type pg from 'pg';
import type { CreateConversation, CreatedConversation, MembershipResult, Role } from '../types.ts';
import { uuidV7 } from '../../ids.ts';

/** What a change of membership has in common. */
interface Change {
  conversationId: string;
  actorId: string;
  /** As in AppendRow: the version that the caller authorised against; absent or null: do not check. */
  expectVersion?: number | null;
}

export interface AddMembers extends Change {
  userIds: string[];
  role: Role;
  action: 'added' | 'joined';
  /** Above it nothing is written and the status is `full`. @default no limit */
  maxMembers?: number;
}
export interface RemoveMember extends Change {
  userId: string;
  action: 'removed' | 'left';
}
export interface SetRole extends Change {
  userId: string;
  role: Role;
}
export interface PatchConversation extends Change {
  title?: string;
  /** '' removes it. */
  topic?: string;
  archived?: boolean;
}

async function call<T>(pool: pg.Pool, text: string, values: unknown[]): Promise<T> {
  const { rows } = await pool.query<{ result: T }>(text, values);
  return rows[0]!.result;
}

/** Idempotent by directKey, by (creatorId, clientId) and by id. */
export async function createConversation(pool: pg.Pool, input: CreateConversation): Promise<CreatedConversation> {
  return call(pool, 'select create_conversation($1) as result', [JSON.stringify({ ...input, entryId: uuidV7() })]);
}

/** Users who are members already, or who do not exist, are passed over. */
export async function addMembers(pool: pg.Pool, c: AddMembers): Promise<MembershipResult> {
  const ids = c.userIds.map(() => uuidV7());
  return call(pool, 'select add_members($1, $2, $3::uuid[], $4, $5, $6::uuid[], $7, $8) as result', [
    c.conversationId,
    c.actorId,
    c.userIds,
    c.role,
    c.action,
    ids,
    c.expectVersion,
    c.maxMembers,
  ]);
}

/** The entry of the removal is the last that the removed one may read. */
export async function removeMember(pool: pg.Pool, c: RemoveMember): Promise<MembershipResult> {
  return call(pool, 'select remove_member($1, $2, $3, $4, $5::uuid[], $6) as result', [
    c.conversationId,
    c.actorId,
    c.userId,
    c.action,
    [uuidV7(), uuidV7()],
    c.expectVersion,
  ]);
}

export async function setRole(pool: pg.Pool, c: SetRole): Promise<MembershipResult> {
  return call(pool, 'select set_role($1, $2, $3, $4, $5, $6) as result', [
    c.conversationId,
    c.actorId,
    c.userId,
    c.role,
    uuidV7(),
    c.expectVersion,
  ]);
}

export async function patchConversation(pool: pg.Pool, c: PatchConversation): Promise<MembershipResult> {
  return call(pool, 'select patch_conversation($1, $2, $3, $4, $5, $6, $7) as result', [
    c.conversationId,
    c.actorId,
    c.title,
    c.topic,
    c.archived,
    uuidV7(),
    c.expectVersion,
  ]);
}

/** `userIds` of the answer: who were members, to be told. */
export async function deleteConversation(pool: pg.Pool, conversationId: string, expectVersion?: number | null): Promise<MembershipResult> {
  return call(pool, 'select delete_conversation($1, $2) as result', [conversationId, expectVersion]);
}
