import { Router } from 'express';

/** `GET /v1/users/{id}` of every route that an app registers from now on; the tests of hostile input must miss none. */
export function recordRoutes(): { registered: Set<string>; [Symbol.dispose](): void } {
  const registered = new Set<string>();
  const prototype = Router.prototype as unknown as { route(path: unknown): Record<string, unknown> };
  const original = prototype.route;
  prototype.route = function (path) {
    const route = original.call(this, path);
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const register = route[method] as (...handlers: unknown[]) => unknown;
      route[method] = (...handlers: unknown[]) => {
        if (typeof path === 'string') registered.add(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
        return register.apply(route, handlers);
      };
    }
    return route;
  };
  return { registered, [Symbol.dispose]: () => void (prototype.route = original) };
}
