/** Pieces of SQL that several reads share. Aliases: c conversations, m the caller's members row, e entries. */

/** The folded message of entry `e`, as JSON, for the viewer (a SQL expression). */
export function messageJson(viewer: string): string {
  return `(
    select jsonb_strip_nulls(jsonb_build_object(
      'id', e.id, 'seq', e.seq, 'conversationId', e.conversation_id, 'actorId', e.actor_id, 'at', iso(e.at),
      'body', case when e.hidden then '' else coalesce(s.body, e.data ->> 'body') end,
      'editedAt', case when not e.hidden then iso(s.edited_at) end, 'deletedAt', iso(s.deleted_at), 'pinnedAt', iso(s.pinned_at),
      'replyTo', e.data -> 'replyTo', 'threadRoot', e.data -> 'threadRoot', 'replyCount', nullif(s.reply_count, 0),
      'attachments', coalesce(e.data -> 'attachments', '[]'), 'mentions', coalesce(e.data -> 'mentions', '[]'),
      'mentionAll', e.data -> 'mentionAll', 'forwardedFrom', e.data -> 'forwardedFrom', 'previews', s.previews,
      'reactions', coalesce((
        select jsonb_agg(jsonb_build_object('emoji', r.emoji, 'count', r.count, 'me', r.me) order by r.first_seq nulls first, r.first, r.emoji)
        from (
          select r.emoji, count(*) as count, bool_or(r.user_id = ${viewer}) as me, min(r.created_at) as first, min(r.first_seq) as first_seq
          from reactions r where r.conversation_id = e.conversation_id and r.message_id = e.id group by r.emoji
        ) r), '[]')))
    from (values (1)) one (x)
    left join message_state s on s.conversation_id = e.conversation_id and s.message_id = e.id
  )`;
}

/**
 * `ConversationMe` as JSON. Messages of people whom the member has blocked do not count. Counts stop at 10,000: nobody reads a larger badge, and a scan must end.
 * @param asOf the last seq of the conversation that this statement sees (a SQL expression)
 */
export function meJson(asOf = 'c.last_seq'): string {
  return `(
    select jsonb_strip_nulls(jsonb_build_object('role', m.role, 'firstSeq', m.first_seq, 'readSeq', m.read_seq, 'deliveredSeq', m.delivered_seq,
      'unread', count(*), 'mentions', count(*) filter (where u.mentioned), 'level', m.level, 'favourite', nullif(m.favourite, false),
      'threads', nullif(m.thread_reads, '{}'), 'version', m.version, 'asOf', ${asOf}))
    from (
      select e.data -> 'mentions' ? m.user_id::text or e.data ? 'mentionAll' as mentioned
      from entries e
      where e.conversation_id = m.conversation_id and e.seq > greatest(m.read_seq, m.first_seq - 1)
        and e.type = 'message' and not e.hidden and e.actor_id <> m.user_id
        and e.actor_id <> all (array(select b.blocked_id from blocks b where b.user_id = m.user_id))
      order by e.seq desc limit 10000
    ) u
  )`;
}

export const memberJson = `jsonb_build_object('userId', o.user_id, 'role', o.role, 'joinedAt', iso(o.joined_at),
  'deliveredSeq', o.delivered_seq, 'readSeq', o.receipt_seq)`;

/** `Conversation` as JSON for the member `m`. */
export const conversationJson = `jsonb_strip_nulls(jsonb_build_object(
  'id', c.id, 'kind', c.kind, 'title', c.title, 'topic', c.topic, 'createdAt', iso(c.created_at), 'lastSeq', c.last_seq,
  'history', c.history, 'matched', nullif(c.matched, false), 'archived', nullif(c.archived, false), 'trimmedSeq', nullif(c.trimmed_seq, 0), 'memberCount', c.member_count,
  'lastMessage', (
    select ${messageJson('m.user_id')}
    from (
      select e.* from entries e
      where e.conversation_id = c.id and e.seq >= m.first_seq and e.type = 'message' order by e.seq desc limit 1
    ) e),
  'members', case when c.member_count <= 100 then (
    select jsonb_agg(${memberJson} order by o.joined_at, o.user_id) from members o where o.conversation_id = c.id and o.left_at is null
  ) end,
  'me', ${meJson()}))`;
