// The product's mark: water held back by a gate, and let through below it.
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 24 24" fill="none">
      <path d="M4 3v18M20 3v18" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      <path d="M7.5 4h9v8.5h-9z" fill="currentColor" opacity=".35" />
      <path d="M12 4v8.5" stroke="currentColor" strokeWidth="1.5" />
      <path
        d="M7 16.2c1.7-1.4 3.3-1.4 5 0s3.3 1.4 5 0M7 20c1.7-1.4 3.3-1.4 5 0s3.3 1.4 5 0"
        stroke="#4da3ff"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
