import type { StringKey } from '../../strings.ts';
import { useText } from '../app/context.tsx';

/** Why what somebody just asked for was not done; nothing while all is well. */
export function ActionError({ error, className = '' }: { error: StringKey | undefined; className?: string }) {
  const { t } = useText();
  return error ? (
    <p role="alert" className={`text-sm text-danger ${className}`}>
      {t(error)}
    </p>
  ) : null;
}
