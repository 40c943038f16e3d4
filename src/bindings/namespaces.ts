/** Every namespace of the `crap` table, in the reference's order of registration (Lua API section 2). */
import { NULL } from '../lua/value.js';
import { absentHostBindings } from './absent.js';
import { accessBindings } from './access.js';
import { accessorBindings } from './accessors.js';
import { authBindings } from './auth.js';
import { collectionBindings, collectionConfigBindings } from './collections.js';
import { configBindings } from './config.js';
import { cryptoBindings } from './crypto.js';
import { emailBindings } from './email.js';
import { envBindings } from './env.js';
import { fieldHostBindings } from './fields.js';
import { globalBindings, globalConfigBindings } from './globals.js';
import { hookHostBindings } from './hooks.js';
import { httpBindings } from './http.js';
import { jobBindings } from './jobs.js';
import { jsonBindings } from './json.js';
import { localeBindings } from './locale.js';
import { logBindings } from './log.js';
import type { StdlibHost } from './lua-caller.js';
import { hideNames } from './own-names.js';
import { pageBindings } from './pages.js';
import { richtextBindings } from './richtext.js';
import { schemaBindings } from './schema.js';
import type { Session } from './session.js';
import { sleepBindings } from './sleep.js';
import { loadStdlib } from './stdlib.js';
import { templateDataHostBindings } from './template-data.js';
import { transactionHostBindings } from './transaction.js';
import { txBindings } from './tx.js';
import { utilBindings } from './util.js';
import { validationErrorBindings } from './validation-error.js';

/** Namespaces that no script can change; the table `crap` itself takes additions, as in the reference. */
const FROZEN = [
  'access',
  'any',
  'auth',
  'cache',
  'collections',
  'config',
  'crypto',
  'email',
  'env',
  'fields',
  'globals',
  'hooks',
  'http',
  'jobs',
  'json',
  'locale',
  'log',
  'pages',
  'richtext',
  'routes',
  'schema',
  'storage',
  'template_data',
  'tx',
  'uploads',
  'util',
];

/** Puts the whole `crap` table into a fresh VM. */
export function registerNamespaces(session: Session, host: StdlibHost): void {
  const { vm } = session;
  vm.register('crap', { ...sleepBindings(session), ...validationErrorBindings(), null: NULL });
  vm.register('crap.tx', txBindings(session));
  vm.register('crap.log', logBindings(session));
  vm.register('crap.util', utilBindings(session));
  vm.register('crap.json', jsonBindings());
  vm.register('crap.auth', authBindings(session));
  vm.register('crap.env', envBindings(session));
  vm.register('crap.collections', collectionBindings(session));
  vm.register('crap.collections.config', collectionConfigBindings(session));
  vm.register('crap.globals', globalBindings(session));
  vm.register('crap.globals.config', globalConfigBindings(session));
  vm.register('crap.fields', {});
  vm.register('crap.hooks', {});
  vm.register('crap.jobs', jobBindings(session));
  vm.register('crap.email', emailBindings(session));
  vm.register('crap.http', httpBindings(session));
  vm.register('crap.config', configBindings(session));
  vm.register('crap.locale', localeBindings(session));
  vm.register('crap.crypto', cryptoBindings(session));
  vm.register('crap.schema', schemaBindings(session));
  vm.register('crap.richtext', richtextBindings(session));
  vm.register('crap.pages', pageBindings(session));
  vm.register('crap.template_data', {});
  vm.register('crap.access', accessBindings(session));
  Object.assign(
    host.bindings,
    fieldHostBindings(),
    hookHostBindings(session),
    templateDataHostBindings(session),
    accessorBindings(session),
    transactionHostBindings(session),
    absentHostBindings(session),
  );
  loadStdlib(vm, host, [
    'calls.lua',
    'util.lua',
    'fields.lua',
    'hooks.lua',
    'template_data.lua',
    'transaction.lua',
    'accessors.lua',
    'absent.lua',
  ]);
  for (const name of ['collections.config', 'globals.config', ...FROZEN]) vm.freeze(`crap.${name}`);
  hideNames(vm, session.options.generation);
}
