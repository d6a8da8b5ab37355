/**
 * Every kind of job. True: what it does stays inside of the installation, so it goes into backups and is done after a restore.
 * False: somebody outside is told (mail, a push, a webhook); a restored one would tell them twice, so backups leave it out.
 */
export const jobKinds = {
  'account-delete': true,
  avatar: true,
  'file-clean': true,
  'file-remove': true,
  // Asks a page again, which is no message to anybody.
  'link-preview': true,
  'account-mail': false,
  'missed-mail': false,
  push: false,
  webhook: false,
} as const;

export type JobKind = keyof typeof jobKinds;

export const restoredKinds = Object.entries(jobKinds).flatMap(([kind, isRestored]) => (isRestored ? [kind] : []));
