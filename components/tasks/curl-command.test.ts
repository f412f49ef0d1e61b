// The curl command: parameters in their places and escaped, a body that survives the shell's quotes.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { curlCommand } from './curl-command.ts';

const origin = 'http://127.0.0.1:3000';

describe('curlCommand', () => {
  it('fills in and escapes path parameters', () => {
    const parameters = { id: 'domain-c7', filterId: 'Sluice_qos 1/0' };
    const command = curlCommand({ route: 'uninstallIoFilter', parameters, origin });
    expect(command).toContain(
      "curl -X DELETE 'http://127.0.0.1:3000/api/v1/clusters/domain-c7/io-filters/Sluice_qos%201%2F0'",
    );
    expect(command).not.toContain('-d ');
  });

  it('passes a body with quotes through a shell unharmed', () => {
    const body = { name: "Ada's gold" };
    const command = curlCommand({ route: 'createPolicy', body, origin });
    const shown = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${command}`], {
      encoding: 'utf8',
    });
    expect(shown).toContain(JSON.stringify(body));
  });
});
