import { Tabs } from '@base-ui/react/tabs';
import type { User } from '@chatcluster/protocol';
import { type FormEvent, useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { useAction } from './lookup.ts';
import { PeoplePicker, togglePicked } from './PeoplePicker.tsx';
import { ActionError } from '../ui/ActionError.tsx';

const panel = 'flex min-h-0 flex-1 flex-col px-5 pt-4 pb-5 outline-none';

export function NewConversation({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  return (
    <Modal title={t('newConversation')} onClose={onClose}>
      <Tabs.Root defaultValue="direct" className="flex min-h-0 flex-col">
        <Tabs.List className="mx-5 flex gap-1 rounded-md bg-n3 p-1">
          {(['direct', 'group', 'channel'] as const).map((kind) => (
            <Tabs.Tab
              key={kind}
              value={kind}
              data-testid={`new-${kind}`}
              className="h-11 flex-1 rounded-sm text-base font-medium text-n11 sm:h-7 data-[active]:bg-n1 data-[active]:text-n12 data-[active]:ring-1 data-[active]:ring-n6"
            >
              {t({ direct: 'newDirect', group: 'newGroup', channel: 'newChannel' }[kind] as 'newDirect')}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="direct" className={panel}>
          <Direct />
        </Tabs.Panel>
        <Tabs.Panel value="group" className={panel}>
          <Group />
        </Tabs.Panel>
        <Tabs.Panel value="channel" className={panel}>
          <Channel />
        </Tabs.Panel>
      </Tabs.Root>
    </Modal>
  );
}

function Direct() {
  const { enter } = useModel();
  const { error, run } = useAction();
  return (
    <>
      <PeoplePicker picked={[]} onPick={(user) => run(() => enter((client) => client.createDirect(user.id)))} />
      <ActionError error={error} className="pt-2" />
    </>
  );
}

function Group() {
  const { t } = useText();
  const { enter } = useModel();
  const { isBusy, error, run } = useAction();
  const [title, setTitle] = useState('');
  const [picked, setPicked] = useState<User[]>([]);
  const create = () =>
    run(() =>
      enter((client) =>
        client.createGroup({ memberIds: picked.map(({ id }) => id), title: title.trim() || namedAfter([client.me(), ...picked]) }),
      ),
    );
  return (
    <>
      <Field
        className="mb-3"
        label={t('groupName')}
        data-testid="group-name"
        maxLength={120}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <PeoplePicker picked={picked} onPick={(user) => setPicked(togglePicked(picked, user))} />
      <ActionError error={error} className="pt-2" />
      <Button data-testid="create" isBusy={isBusy} disabled={picked.length === 0} onClick={create} className="mt-3 w-full">
        {t('create')}
      </Button>
    </>
  );
}

/** A group without a name is called after its people, as far as they fit. */
function namedAfter(people: readonly (User | undefined)[]): string {
  return people
    .flatMap((user) => (user ? [user.displayName] : []))
    .join(', ')
    .slice(0, 120);
}

function Channel() {
  const { t } = useText();
  const { enter } = useModel();
  const { isBusy, error, run } = useAction();
  const [title, setTitle] = useState('');
  const [topic, setTopic] = useState('');
  const create = (event: FormEvent) => {
    event.preventDefault();
    const about = topic.trim();
    run(() => enter((client) => client.createChannel({ title: title.trim(), ...(about ? { topic: about } : {}) })));
  };
  return (
    <form onSubmit={create} className="flex flex-col gap-4">
      <Field
        label={t('channelName')}
        data-testid="channel-name"
        required
        maxLength={120}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
      <Field label={t('channelTopic')} maxLength={1000} value={topic} onChange={(event) => setTopic(event.target.value)} />
      <ActionError error={error} className="pt-2" />
      <Button type="submit" data-testid="create" isBusy={isBusy} disabled={title.trim() === ''}>
        {t('createChannel')}
      </Button>
    </form>
  );
}
