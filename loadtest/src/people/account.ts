/** One person as a thread needs to know them. */
export interface Account {
  /** Over all threads. */
  user: number;
  userId: string;
  token: string;
  refreshToken: string;
  /** Indexes into the list of conversations, in the order of this person's liking. */
  conversations: number[];
}

export interface Talk {
  id: string;
  kind: 'direct' | 'group' | 'channel';
  /** Indexes of the members. */
  members: number[];
  /** The last seq before the run. */
  from: number;
}
