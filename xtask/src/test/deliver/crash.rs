//! What a plugin's crash does to requests, by each failure policy. The guide's chapter on operating
//! tells what is checked here.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sdk_tests::Request;
use sdk_tests::envoy::client::Client;
use serde_json::json;
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};

use super::release::{FILTER, Release};
use super::site::{Site, Source};

/// More headers than this, and the plugin crashes.
const HEADERS: i32 = 20;

/// A start comes so long after another, if not later: a second by default, and up to half of it more.
const BACKOFF: Duration = Duration::from_secs(2);

pub(super) fn check(envoy: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let module = folder.path().join("crash.wasm");
    fs::write(&module, plugin())?;
    starts_again(envoy, &module).context("FAIL_RELOAD")?;
    stays_closed(envoy, &module).context("FAIL_CLOSED")?;
    opens(envoy, &module).context("FAIL_OPEN")
}

/// One connection, so that all requests go to the same worker.
struct Visitor {
    site: Site,
    client: Client,
}

impl Visitor {
    fn new(envoy: &Path, module: &Path, policy: &'static str) -> Result<Self> {
        let release = release(1, module, policy).with("realm", json!("the same"));
        let site = Site::start(envoy, Source::File, &release)?;
        site.wait_until("take the plugin", || site.counts().accepted == 1)?;
        let client = Client::connect(site.address())?;
        let mut visitor = Self { site, client };
        visitor.gets(200)?;
        Ok(visitor)
    }

    fn get(&mut self) -> Result<u16> {
        Ok(self.client.send(&Request::get("/"))?.status())
    }

    fn gets(&mut self, expected: u16) -> Result<()> {
        let status = self.get()?;
        ensure!(status == expected, "{status} instead of {expected}");
        Ok(())
    }

    /// Sends what the plugin cannot bear.
    fn crash(&mut self) -> Result<u16> {
        let request = (0..HEADERS).fold(Request::get("/"), |request, number| {
            request.header(format!("x-{number}"), "1")
        });
        Ok(self.client.send(&request)?.status())
    }

    fn reloads(&self, name: &str) -> u64 {
        let name = format!("wasm.{FILTER}.vm_reload_{name}");
        let stats = self.site.envoy().stats_matching(&name);
        stats.get(&name).copied().unwrap_or_default()
    }
}

fn release(version: u32, module: &Path, policy: &'static str) -> Release {
    let module: PathBuf = module.to_owned();
    Release::good(version).with_module(module).failing(policy)
}

fn starts_again(envoy: &Path, module: &Path) -> Result<()> {
    let mut visitor = Visitor::new(envoy, module, "FAIL_RELOAD")?;
    // One that has just started would wait.
    thread::sleep(BACKOFF);
    ensure!(visitor.crash()? == 503, "the request that crashes it");
    visitor.gets(200).context("the next one")?;
    ensure!(visitor.reloads("success") == 1, "vm_reload_success");
    // Now it has just started.
    ensure!(visitor.crash()? == 503, "the second crash");
    let mut refused = 0;
    while visitor.get()? == 503 {
        refused += 1;
        ensure!(refused < 1000, "it does not start again");
        thread::sleep(Duration::from_millis(20));
    }
    visitor.gets(200)?;
    ensure!(visitor.reloads("success") == 2, "vm_reload_success");
    let backoff = visitor.reloads("backoff");
    ensure!(
        backoff == refused,
        "vm_reload_backoff is {backoff}, not {refused}"
    );
    eprintln!("  FAIL_RELOAD: the next request is served; after a second crash, 503 for a while");
    Ok(())
}

fn stays_closed(envoy: &Path, module: &Path) -> Result<()> {
    let mut visitor = Visitor::new(envoy, module, "FAIL_CLOSED")?;
    ensure!(visitor.crash()? == 503, "the request that crashes it");
    visitor.gets(503).context("the next one")?;
    // Envoy finds the plugin that it has, by its config and its VM: and that one is dead.
    for (version, realm, status) in [(2, "the same", 503), (3, "another", 200)] {
        release(version, module, "FAIL_CLOSED")
            .with("realm", json!(realm))
            .publish(&visitor.site.file())?;
        let accepted = || visitor.site.counts().accepted == u64::from(version);
        visitor.site.wait_until("take the update", accepted)?;
        visitor
            .gets(status)
            .with_context(|| format!("{realm} config"))?;
    }
    eprintln!("  FAIL_CLOSED: 503, also after an update, unless the config differs");
    Ok(())
}

fn opens(envoy: &Path, module: &Path) -> Result<()> {
    let mut visitor = Visitor::new(envoy, module, "FAIL_OPEN")?;
    ensure!(visitor.crash()? == 503, "the request that crashes it");
    visitor.gets(200).context("the next one")?;
    ensure!(visitor.crash()? == 200, "the plugin still sees requests");
    eprintln!("  FAIL_OPEN: requests pass the plugin by");
    Ok(())
}

/// A plugin that traps on a request with too many headers, and does nothing else.
fn plugin() -> Vec<u8> {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    let callbacks = [
        ("_initialize", 0, None),
        ("proxy_abi_version_0_2_1", 0, None),
        ("proxy_on_memory_allocate", 1, Some(1024)),
        ("proxy_on_vm_start", 2, Some(1)),
        ("proxy_on_configure", 2, Some(1)),
        ("proxy_on_context_create", 2, None),
        ("proxy_on_request_headers", 3, Some(0)),
    ];
    for (index, (name, parameters, result)) in (0..).zip(callbacks) {
        let results = result.map(|_| ValType::I32);
        types.ty().function(vec![ValType::I32; parameters], results);
        functions.function(index);
        exports.export(name, ExportKind::Func, index);
        let mut function = Function::new([]);
        if name == "proxy_on_request_headers" {
            function
                .instructions()
                .local_get(1)
                .i32_const(HEADERS)
                .i32_gt_u()
                .if_(BlockType::Empty)
                .unreachable()
                .end();
        }
        if let Some(result) = result {
            function.instructions().i32_const(result);
        }
        function.instructions().end();
        code.function(&function);
    }
    let mut memory = MemorySection::new();
    memory.memory(MemoryType {
        minimum: 2,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exports.export("memory", ExportKind::Memory, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memory);
    module.section(&exports).section(&code);
    module.finish()
}
