/** Defaults of every limit (protocol.md 9); the names are those of `session:ready.limits`. All are configurable. */
export const defaultLimits = {
  messageMaxChars: 8_000,
  eventMaxBytes: 65_536,
  attachmentsPerMessage: 10,
  fileMaxBytes: 25 * 1024 * 1024,
  groupMaxMembers: 10_000,
  conversationsPerUser: 10_000,
  accessTokenSeconds: 900,
  refreshTokenSeconds: 2_592_000,
  messagesPerSecond: 10,
  messageBurst: 30,
  eventsPerSecond: 50,
  eventBurst: 200,
  handshakesPerSecondPerAddress: 20,
  handshakesPerSecondPerPod: 300,
  socketsPerUser: 20,
  socketsPerPod: 20_000,
  unreadBytesPerSocket: 1024 * 1024,
};

export type Limits = typeof defaultLimits;

/** Fixed by the contract, not configurable. */
export const SYNC_PAGE_ENTRIES = 300;
export const SYNC_PAGE_BYTES = 512 * 1024;
export const SYNC_MAX_CONVERSATIONS = 200;
export const POSITIONS_MAX_CONVERSATIONS = 50;
export const SYNC_MAX_MISSED = 1_000;
export const SYNC_LIMITED_NEWEST = 100;
export const CHANGES_PAGE = 200;
export const HISTORY_PAGE = 100;
export const HISTORY_NOTES = 200;
export const MEMBERS_IN_CONVERSATION = 100;
export const FRAME_MAX_BYTES = 1024 * 1024;
export const GAP_HOLD_MS = 500;
export const TYPING_CLEAR_MS = 6_000;
export const RECEIPT_MERGE_MS = 250;
export const ACK_TIMEOUT_MS = 10_000;
export const BLOCKS_MAX = 1_000;
export const PROTOCOL_VERSION = 1;
