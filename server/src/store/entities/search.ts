import { EntitySchema } from 'typeorm';

interface MessageSearchRow {
  conversationId: string;
  messageId: string;
  seq: string;
  at: Date;
  words: string;
}

export const MessageSearchEntity = new EntitySchema<MessageSearchRow>({
  name: 'MessageSearch',
  tableName: 'message_search',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    messageId: { type: 'uuid', name: 'message_id', primary: true },
    seq: { type: 'bigint' },
    at: { type: 'timestamptz', precision: 3 },
    words: { type: 'tsvector' },
  },
});

interface SearchProgressRow {
  conversationId: string;
  seq: string;
}

export const SearchProgressEntity = new EntitySchema<SearchProgressRow>({
  name: 'SearchProgress',
  tableName: 'search_progress',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    seq: { type: 'bigint' },
  },
});

interface SearchStateRow {
  onlyRow: boolean;
  xid: string | null;
  epoch: string;
  ranAt: Date;
}

export const SearchStateEntity = new EntitySchema<SearchStateRow>({
  name: 'SearchState',
  tableName: 'search_state',
  columns: {
    onlyRow: { type: 'boolean', name: 'only_row', primary: true },
    xid: { type: 'bigint', nullable: true },
    epoch: { type: 'bigint' },
    ranAt: { type: 'timestamptz', name: 'ran_at' },
  },
});

export const SearchWordEntity = new EntitySchema<{ word: string }>({
  name: 'SearchWord',
  tableName: 'search_words',
  columns: { word: { type: 'text', primary: true } },
});

interface SearchAgeRow {
  id: number;
  lowAt: Date;
  highAt: Date | null;
  size: number;
}

export const SearchAgeEntity = new EntitySchema<SearchAgeRow>({
  name: 'SearchAge',
  tableName: 'search_ages',
  columns: {
    id: { type: 'integer', primary: true },
    lowAt: { type: 'timestamptz', precision: 3, name: 'low_at', unique: true },
    highAt: { type: 'timestamptz', precision: 3, name: 'high_at', nullable: true },
    size: { type: 'integer', default: 0 },
  },
});
