/** What a tab asks of the service worker once a conversation was read. */
export interface CloseNotifications {
  type: 'close-notifications';
  conversationId: string;
}
