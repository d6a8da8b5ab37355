export const membership = '';
