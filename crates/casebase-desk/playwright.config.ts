import { defineConfig } from '@playwright/test'

// Against a running project with the desk: the variables of a `casebase dev --ready-file`, with --confirm-email.
// `cargo test -p casebase --test desk` starts one. The browser is Debian's.
export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  projects: [
    { name: 'people', testMatch: '*.spec.ts' },
    { name: 'alone', testMatch: 'alone.ts' },
    { name: 'pace', testMatch: 'pace.ts' },
    { name: 'million', testMatch: 'million.ts' },
    { name: 'screenshots', testMatch: 'screenshots.ts' },
  ],
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env['CI'],
  // What passes the second time is listed as flaky, and is to be mended.
  retries: 1,
  reporter: 'list',
  // For a machine that is busy with more than this.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: process.env['DESK_URL'] ?? `${process.env['CASEBASE_URL']}/desk/`,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'off',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    },
  },
})
