# Images for people with Docker; "make cluster" builds the same ones without it.
#   docker build --target server   -t chatcluster/server:0.1.0 .
#   docker build --target operator -t chatcluster/operator:0.1.0 .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
# Not "npm ci": the lock file may hold the binaries of some platforms only.
RUN npm install --no-save --no-audit --no-fund --loglevel=error
RUN node tools/src/kubernetes/images.ts --folder /out/server server \
 && node tools/src/kubernetes/images.ts --folder /out/operator operator

# No shell and no package manager; its user is 65532.
FROM gcr.io/distroless/nodejs24-debian12:nonroot AS base
WORKDIR /app
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["/nodejs/bin/node", "main.js"]
EXPOSE 8080 9090

FROM base AS operator
COPY --from=build /out/operator/app /app

FROM base AS server
# As in tools/src/server-flags.ts.
ENV WEB_ROOT=/app/web NODE_OPTIONS=--max-semi-space-size=16 MALLOC_ARENA_MAX=2
COPY --from=build /out/server/app /app
