/** How words become what the index holds, and how what people type becomes a question to it. */
export const searchFunctions = `
-- As written, and by the stems of two languages: one word is found by any of them.
create function search_vector(p_text text) returns tsvector language sql stable parallel safe
  return to_tsvector('chat_simple', p_text) || to_tsvector('chat_english', p_text) || to_tsvector('chat_german', p_text);

-- No text can hold such a word: the parser takes the first character for a blank. A few bits of the id are enough, as the
-- rows are compared with the whole of it afterwards.
create function search_key(p_kind text, p_id uuid) returns text language sql immutable parallel safe
  return E'\\x01' || p_kind || right(p_id::text, 12);

create function search_keys(p_kind text, p_ids uuid[]) returns tsquery language sql immutable parallel safe
  return (select string_agg(quote_literal(search_key(p_kind, id)), '|')::tsquery from unnest(p_ids) id);

-- Null where nothing positive is left, such as of stop words: it would match everything.
create function usable(p_query tsquery) returns tsquery language sql immutable parallel safe
  return case when querytree(p_query) not in ('', 'T') then p_query end;

create function either(p_a tsquery, p_b tsquery) returns tsquery language sql immutable parallel safe
  return case when p_a is null then p_b when p_b is null then p_a else p_a || p_b end;

create function both_of(p_a tsquery, p_b tsquery) returns tsquery language sql immutable parallel safe
  return case when p_a is null then p_b when p_b is null then p_a else p_a && p_b end;

-- p_last: a word that may not be finished ('' : none). It is plain letters and digits.
create function search_part(p_config regconfig, p_rest text, p_last text, p_either boolean) returns tsquery language sql stable parallel safe
  return (
    select usable(case when p_last = '' then q.rest when p_either then q.rest || q.word else q.rest && q.word end)
    from (
      select websearch_to_tsquery(p_config, p_rest) as rest,
        case when p_last <> '' then websearch_to_tsquery(p_config, p_last) || to_tsquery('chat_simple', p_last || ':*') end as word
    ) q);

create function search_query(p_rest text, p_last text, p_either boolean) returns tsquery language sql stable parallel safe
  return either(either(search_part('chat_simple', p_rest, p_last, p_either), search_part('chat_english', p_rest, p_last, p_either)),
    search_part('chat_german', p_rest, p_last, p_either));

-- Any of these words in any of the languages.
create function search_any(p_words text[]) returns tsquery language plpgsql stable parallel safe
as $fn$
declare
  v_word text;
  v_query tsquery;
begin
  foreach v_word in array p_words loop
    v_query := either(v_query, search_query(v_word, '', false));
  end loop;
  return v_query;
end
$fn$;

-- [["hello","hallo"],["world"]]: one word of each group.
create function search_groups(p_groups jsonb) returns tsquery language plpgsql stable parallel safe
as $fn$
declare
  v_group jsonb;
  v_query tsquery;
begin
  for v_group in select * from jsonb_array_elements(p_groups) loop
    v_query := both_of(v_query, search_any(array(select jsonb_array_elements_text(v_group))));
  end loop;
  return v_query;
end
$fn$;`;

/** What a mistyped word may have meant, the likeliest first; nothing where pg_trgm is not installed. */
export const similarWords = `
do $do$
begin
  if exists (select 1 from pg_extension where extname = 'pg_trgm') then
    create index search_words_similar on search_words using gin (word gin_trgm_ops);
    execute $sql$
      create function similar_words(p_word text) returns text[] language sql stable
      as 'select coalesce(array_agg(s.word), ''{}'') from (
        select w.word from search_words w where w.word % lower(p_word) and w.word <> lower(p_word)
        order by similarity(w.word, lower(p_word)) desc, w.word limit 5) s' $sql$;
  else
    create function similar_words(p_word text) returns text[] language sql immutable return '{}'::text[];
  end if;
end
$do$`;
