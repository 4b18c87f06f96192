import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The pages find everything relative to themselves, so they work below any path of any host.
export default defineConfig({
  root: 'app',
  base: './',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: '../built',
    emptyOutDir: true,
    target: 'es2022',
    // Most of what is built in asks for its licence to come along.
    license: { fileName: 'licenses.md' },
    // Assets as data: URLs would want a looser policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What every page needs and few changes touch: browsers keep it from one version of ours to the next.
        codeSplitting: { groups: [{ name: 'libraries', test: /node_modules\/(react|react-dom|scheduler|@tanstack|@supabase)\// }] },
      },
    },
  },
  test: { environment: 'node', include: ['**/*.test.ts'] },
})
