import { ConfigError, type Env, integer } from './env.ts';
import { type FileStoreConfig, parseStore } from './files.ts';

export interface BackupConfig {
  place: FileStoreConfig;
  /** Of the backup that is made, or restored. undefined: made from the time; the newest complete one. */
  name: string | undefined;
  /** Older ones are removed, never the newest complete one. undefined: nothing is removed. */
  retentionSeconds: number | undefined;
  /** Where the result is written as JSON, as well as to the standard output. */
  resultFile: string | undefined;
}

export function parseBackupConfig(env: Env): BackupConfig {
  const place = parseStore(env, 'BACKUP');
  if (place === undefined) throw new ConfigError('neither BACKUP_DIR nor BACKUP_S3_BUCKET is set; one of them says where backups are');
  const name = env.BACKUP_NAME || undefined;
  if (name !== undefined && !/^[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?$/.test(name)) {
    throw new ConfigError(`BACKUP_NAME="${name}" must be lower-case letters, digits, dots and hyphens, 128 at most`);
  }
  return {
    place,
    name,
    retentionSeconds: integer(env, 'BACKUP_RETENTION_SECONDS', 0) || undefined,
    resultFile: env.BACKUP_RESULT_FILE || undefined,
  };
}
