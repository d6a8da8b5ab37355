import {
  IdentityEntity,
  MailTokenEntity,
  RecoveryCodeEntity,
  UsedAdminLinkEntity,
  UsedChallengeEntity,
  UserTotpEntity,
} from './account-parts.ts';
import { BatchEntity } from './batch.ts';
import { ConversationEntity } from './conversation.ts';
import { DutyEntity } from './duty.ts';
import { EntryEntity } from './entry.ts';
import { FileEntity, FileUseEntity } from './file.ts';
import { InstallationEntity } from './installation.ts';
import { InviteEntity } from './invite.ts';
import { JobEntity } from './job.ts';
import { LinkPreviewEntity } from './link-preview.ts';
import { LoginFailureEntity } from './login-failure.ts';
import { MatchWaitingEntity } from './match-waiting.ts';
import { MemberEntity } from './member.ts';
import { MessageStateEntity } from './message-state.ts';
import { NoticeEntity, NotificationSettingsEntity, NotifyCursorEntity, PushKeyEntity, PushSubscriptionEntity } from './notifications.ts';
import { ReactionEntity } from './reaction.ts';
import { RetentionSettingsEntity } from './retention-settings.ts';
import { AuditEntity, BlockEntity, ReportEntity } from './safety.ts';
import { MessageSearchEntity, SearchAgeEntity, SearchProgressEntity, SearchStateEntity, SearchWordEntity } from './search.ts';
import { SessionEntity } from './session.ts';
import { PublishedKeyEntity, SigningKeyEntity } from './signing-key.ts';
import { TicketEntity } from './ticket.ts';
import { WebhookEntity } from './webhook.ts';
import { UserEntity } from './user.ts';

/** How the tables map to objects. The migrations make the tables; these must agree with them (`entities.test.ts` compares). */
export const entities = [
  AuditEntity,
  BatchEntity,
  BlockEntity,
  ConversationEntity,
  DutyEntity,
  EntryEntity,
  IdentityEntity,
  FileEntity,
  FileUseEntity,
  InstallationEntity,
  InviteEntity,
  JobEntity,
  LinkPreviewEntity,
  LoginFailureEntity,
  MailTokenEntity,
  MatchWaitingEntity,
  MemberEntity,
  MessageSearchEntity,
  MessageStateEntity,
  NoticeEntity,
  NotificationSettingsEntity,
  NotifyCursorEntity,
  PublishedKeyEntity,
  PushKeyEntity,
  PushSubscriptionEntity,
  ReactionEntity,
  RecoveryCodeEntity,
  ReportEntity,
  RetentionSettingsEntity,
  SearchProgressEntity,
  SearchStateEntity,
  SearchWordEntity,
  SearchAgeEntity,
  SessionEntity,
  SigningKeyEntity,
  TicketEntity,
  UsedAdminLinkEntity,
  UsedChallengeEntity,
  UserEntity,
  WebhookEntity,
  UserTotpEntity,
];
