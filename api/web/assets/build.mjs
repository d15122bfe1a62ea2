// Bundles the browser assets into ../static/dist: hashed names, a manifest, third-party notices, size budgets.
import { readFileSync, writeFileSync, rmSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import * as sass from 'sass';

const watch = process.argv.includes('--watch');
const here = import.meta.dirname;
const outdir = resolve(here, '../static/dist');
const budgets = { 'app.css': 40, 'staff.js': 60, 'viewer.js': 130 };                     // KB, gzip

const scss = {
  name: 'scss',
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path }) => {
      const { css, loadedUrls } = sass.compile(path, {
        loadPaths: [join(here, 'node_modules')], quietDeps: true, silenceDeprecations: ['import'], style: watch ? 'expanded' : 'compressed',
      });
      return { contents: css, loader: 'css', resolveDir: dirname(path), watchFiles: loadedUrls.map((url) => url.pathname) };
    });
  },
};

const manifest = {
  name: 'manifest',
  setup(build) {
    build.onEnd(({ metafile, errors }) => {
      if (errors.length) return;
      const entries = {};
      for (const [file, output] of Object.entries(metafile.outputs)) {
        if (!output.entryPoint) continue;
        const name = output.entryPoint.split('/').pop().replace(/\.scss$/, '.css');
        entries[name] = { file: file.split('/').pop(), imports: output.imports.filter((i) => i.kind === 'import-statement').map((i) => i.path.split('/').pop()) };
      }
      writeFileSync(join(outdir, 'manifest.json'), JSON.stringify(entries, null, 2));
      writeFileSync(join(outdir, 'THIRD-PARTY.txt'), notices(metafile));
      if (!watch) weigh(entries);
    });
  },
};

function notices(metafile) {
  const packages = new Set(['bootstrap']);
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (found) packages.add(found[1]);
  }
  return [...packages].sort().map((name) => {
    const folder = join(here, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file && !license) throw new Error(`${name} carries no licence`);
    return `${name} ${version} (${license ?? 'see below'})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`;
  }).join(`\n${'-'.repeat(100)}\n\n`);
}

function weigh(entries) {
  let heavy = false;
  for (const [name, { file, imports }] of Object.entries(entries)) {
    const size = [file, ...imports].reduce((sum, part) => sum + gzipSync(readFileSync(join(outdir, part))).length, 0) / 1024;
    const budget = budgets[name];
    console.log(`${name.padEnd(12)} ${size.toFixed(1).padStart(7)} KB gzip${budget ? ` of ${budget}` : ''}`);
    heavy ||= budget !== undefined && size > budget;
  }
  if (heavy) {
    console.error('An entry is heavier than its budget in build.mjs.');
    process.exitCode = 1;
  }
}

if (existsSync(outdir)) rmSync(outdir, { recursive: true });
const context = await esbuild.context({
  absWorkingDir: here,
  entryPoints: ['src/staff.js', 'src/viewer.js', 'src/public.js', 'scss/app.scss', 'scss/viewer.scss'],
  outdir, bundle: true, splitting: true, format: 'esm', target: 'es2022', minify: !watch, metafile: true, legalComments: 'linked',
  entryNames: watch ? '[name]' : '[name]-[hash]', chunkNames: 'c-[hash]', assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file', '.woff': 'file', '.ttf': 'file', '.eot': 'file', '.svg': 'file' },
  plugins: [scss, manifest],
});
if (watch) await context.watch();
else {
  await context.rebuild();
  await context.dispose();
}
