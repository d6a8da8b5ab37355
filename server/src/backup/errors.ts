/** Why a backup or a restore cannot work; stands in the status of the resource, too. */
export type BackupFailure =
  | 'BackupNotFound'
  | 'BackupDamaged'
  | 'BackupNotComplete'
  | 'BackupTooNew'
  | 'DatabaseNotEmpty'
  | 'DatabaseNotMigrated'
  | 'ChecksFailed';

/** Repeating it cannot help; the message says what to do. */
export class BackupError extends Error {
  override name = 'BackupError';
  readonly reason: BackupFailure;

  constructor(reason: BackupFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
