import type { StringKey } from '../../strings.ts';
import { usePrefs, useText } from '../app/context.tsx';
import { Modal } from '../ui/Modal.tsx';

type Line = readonly [label: StringKey, ...keys: string[]];

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);
const command = isApple ? '⌘' : 'Ctrl';
const option = isApple ? '⌥' : 'Alt';

const navigate: Line[] = [
  ['keySwitcher', `${command} K`],
  ['keyNext', `${option} ↓`, `${option} ↑`],
  ['keyNextUnread', `${option} ⇧ ↓`, `${option} ⇧ ↑`],
  ['keyClose', 'Esc'],
  ['keyHelp', '?', `${command} /`],
];
const messages: Line[] = [
  ['keyWalk', '↑', '↓'],
  ['keyReply', 'R'],
  ['keyThread', 'T'],
  ['keyEdit', 'E'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const [{ enter }] = usePrefs();
  const writing: Line[] = [
    ['keySend', enter === 'send' ? '↵' : `${command} ↵`],
    ['keyBreak', enter === 'send' ? '⇧ ↵' : '↵'],
    ['keyEditLast', '↑'],
    ['keyEmoji', ':'],
    ['keyMention', '@'],
  ];
  return (
    <Modal title={t('help')} onClose={onClose}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroller must be reachable with the keyboard */}
      <div data-testid="help" tabIndex={0} role="region" aria-label={t('help')} className="space-y-4 overflow-y-auto px-5 pb-5">
        <Group title="keysNavigate" lines={navigate} />
        <Group title="keysWriting" lines={writing} />
        <Group title="keysMessages" lines={messages} />
      </div>
    </Modal>
  );
}

function Group({ title, lines }: { title: StringKey; lines: readonly Line[] }) {
  const { t } = useText();
  return (
    <section>
      <h3 className="mb-1 text-sm font-semibold text-n11">{t(title)}</h3>
      <dl>
        {lines.map(([label, ...keys]) => (
          <div key={label} className="flex min-h-8 items-center justify-between gap-4 border-b border-n6 py-1 last:border-0">
            <dt className="text-base">{t(label)}</dt>
            <dd className="flex shrink-0 gap-1.5">
              {keys.map((key) => (
                <kbd key={key} className="rounded-sm bg-n3 px-1.5 py-0.5 font-sans text-xs font-medium text-n11 ring-1 ring-n7">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
