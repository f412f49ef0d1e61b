'use client';
// The fields that say where a KMIP server is and how both sides know each other. Certificates and
// the key come from files.
import { useState } from 'react';
import { FormRow } from '../ui/forms/form-row.tsx';
import { TextField } from '../ui/forms/text-field.tsx';

/** As it is typed; files as their text. */
export interface KeyServerDraft {
  address: string;
  port: string;
  caCertificate: string;
  clientCertificate: string;
  clientKey: string;
}

export const EMPTY_SERVER: KeyServerDraft = {
  address: '',
  port: '5696',
  caCertificate: '',
  clientCertificate: '',
  clientKey: '',
};

const FILES = [
  ['caCertificate', 'CA certificate', 'Who signed the certificate of the server. PEM.'],
  ['clientCertificate', 'Client certificate', 'The server knows this installation by it. PEM.'],
  ['clientKey', 'Private key', 'Of the client certificate, without a password. PEM.'],
] as const;

/** What is to be entered next; null when all is there. */
export function missingIn({ address, port, ...files }: KeyServerDraft): string | null {
  if (address.trim() === '') return 'Enter the address of the server.';
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return 'Enter a port.';
  const missing = FILES.find(([field]) => files[field] === '');
  return missing ? `Choose the file: ${missing[1]}.` : null;
}

export function accessOf({ address, port, ...files }: KeyServerDraft) {
  return { address: address.trim(), port: Number(port), ...files };
}

export function KeyServerFields({
  server,
  onChange,
}: {
  server: KeyServerDraft;
  onChange: (server: KeyServerDraft) => void;
}) {
  const [problem, setProblem] = useState<{ field: string; message: string } | null>(null);
  const read = async (field: (typeof FILES)[number][0], file: File | undefined) => {
    const text = file && file.size <= 32_768 ? await file.text() : '';
    const isPem = text.includes('-----BEGIN ');
    setProblem(file && !isPem ? { field, message: 'This is no file in PEM form.' } : null);
    onChange({ ...server, [field]: isPem ? text : '' });
  };
  return (
    <>
      <TextField
        label="Address"
        required
        value={server.address}
        onChange={(address) => onChange({ ...server, address })}
        help="Host name or IP address, as its certificate has it."
      />
      <TextField
        label="Port"
        required
        value={server.port}
        onChange={(port) => onChange({ ...server, port })}
      />
      {FILES.map(([field, label, help]) => (
        <FormRow
          key={field}
          label={label}
          required
          htmlFor={`key-server-${field}`}
          help={server[field] === '' ? help : `${help} It is there.`}
          error={problem?.field === field ? problem.message : undefined}
        >
          <input
            id={`key-server-${field}`}
            type="file"
            accept=".pem,.crt,.cer,.key"
            onChange={(event) => void read(field, event.target.files?.[0])}
          />
        </FormRow>
      ))}
    </>
  );
}
