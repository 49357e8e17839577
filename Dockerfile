# Builds from the sources with the compiler of the lockfile; nothing runs an install script.
FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY console console
COPY docs/runbooks docs/runbooks
COPY scripts/built-once.ts scripts/console.ts scripts/
RUN npm run build

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force && mkdir /data && chown node:node /data
COPY --from=build /app/dist dist
COPY bin bin
COPY contracts contracts
COPY examples examples
# For the embedded engines; with Kafka and MongoDB nothing is written, and the root file system may be read-only.
ENV SIGMA_DATA_DIR=/data
VOLUME /data
USER node
EXPOSE 8000
# Alive, not ready: a gateway that waits for a broker or a store must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/sigma.js"]
CMD ["start"]
