import { Account } from '../account/Account.tsx';
import { useModel, useView } from '../app/context.tsx';
import { Report } from '../safety/Report.tsx';
import { AddPeople } from './AddPeople.tsx';
import { BrowseChannels } from './BrowseChannels.tsx';
import { ForwardMessage } from './ForwardMessage.tsx';
import { Help } from './Help.tsx';
import { Match } from './Match.tsx';
import { NewConversation } from './NewConversation.tsx';
import { Notifications } from './Notifications.tsx';
import { Profile } from './Profile.tsx';
import { Rename } from './Rename.tsx';
import { SeenBy } from './SeenBy.tsx';
import { Switcher } from './Switcher.tsx';

export function Dialogs() {
  const { set } = useModel();
  const dialog = useView((view) => view.dialog);
  const selectedId = useView((view) => view.selectedId);
  const message = useView((view) => view.dialogMessage);
  const close = () => set({ dialog: undefined });
  if (dialog === 'new') return <NewConversation onClose={close} />;
  if (dialog === 'browse') return <BrowseChannels onClose={close} />;
  if (dialog === 'profile') return <Profile onClose={close} />;
  if (dialog === 'switcher') return <Switcher onClose={close} />;
  if (dialog === 'help') return <Help onClose={close} />;
  if (dialog === 'match') return <Match />;
  if (dialog === 'forward' && message) return <ForwardMessage from={message} onClose={close} />;
  if (dialog === 'seen-by' && message) return <SeenBy of={message} onClose={close} />;
  if (dialog === 'account') return <Account onClose={close} />;
  if (dialog === 'add-people' && selectedId) return <AddPeople conversationId={selectedId} onClose={close} />;
  if (dialog === 'notifications') return <Notifications onClose={close} />;
  if (dialog === 'report') return <Report onClose={close} />;
  return dialog === 'rename' && selectedId ? <Rename conversationId={selectedId} onClose={close} /> : null;
}
