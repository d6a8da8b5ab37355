export const changes = '';
