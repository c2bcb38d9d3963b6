//! An Envoy process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{admin, logs};

/// How long a start may take: a debug machine that compiles several modules needs a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why Envoy did not start, or went away; with the end of its log.
///
/// ```
/// use sdk_tests::envoy::{Envoy, EnvoyOptions};
///
/// let error = Envoy::start(&EnvoyOptions::new("/no/such/envoy", "{}")).err().unwrap();
/// assert!(error.to_string().starts_with("cannot run /no/such/envoy"));
/// ```
#[derive(Debug)]
pub struct EnvoyError(String);

impl fmt::Display for EnvoyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for EnvoyError {}

/// What to start.
///
/// ```no_run
/// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let bootstrap = std::fs::read_to_string("envoy.yaml")?;
/// let mut options = EnvoyOptions::new(find_binary()?, &bootstrap);
/// options.env.push(("USERS".to_owned(), "alice".to_owned()));
/// options.extra_args.push("--concurrency=2".to_owned());
/// let envoy = Envoy::start(&options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EnvoyOptions<'a> {
    /// The binary; see [`find_binary`].
    pub binary: PathBuf,
    /// The whole bootstrap, YAML or JSON, with an admin interface on port 0.
    pub config: &'a str,
    /// Variables for the process.
    pub env: Vec<(String, String)>,
    /// Where it runs and keeps its files; a temporary directory of its own if there is none.
    pub dir: Option<PathBuf>,
    /// More arguments. Without a `--concurrency` among them there is one worker.
    pub extra_args: Vec<String>,
}

impl<'a> EnvoyOptions<'a> {
    /// One worker, a directory of its own, nothing special.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// EnvoyOptions::new("/usr/bin/envoy", "admin: { … }");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(binary: impl Into<PathBuf>, config: &'a str) -> Self {
        Self {
            binary: binary.into(),
            config,
            env: Vec::new(),
            dir: None,
            extra_args: Vec::new(),
        }
    }
}

/// A running Envoy. It is killed when dropped.
///
/// ```no_run
/// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "admin: { … }"))?;
/// println!("process {}, admin interface at {}", envoy.pid(), envoy.admin());
/// # Ok(())
/// # }
/// ```
pub struct Envoy {
    child: Child,
    admin: SocketAddr,
    log: PathBuf,
    _temporary: Option<TempDir>,
}

/// The Envoy to use: `$SDK_TESTS_ENVOY`, else the `target/tools/envoy/envoy` of the nearest
/// directory at or above the tested crate that has it, else the first `envoy` on the `PATH`.
///
/// ```no_run
/// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// println!("{}", find_binary()?.display());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// There is none of these.
pub fn find_binary() -> Result<PathBuf, EnvoyError> {
    if let Some(path) = std::env::var_os("SDK_TESTS_ENVOY").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(EnvoyError(format!(
                "$SDK_TESTS_ENVOY: {} is not a file",
                path.display()
            )))
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    crate::places::above_the_tested_crate("target/tools/envoy/envoy")
        .or_else(|| {
            std::env::split_paths(&path)
                .map(|dir| dir.join("envoy"))
                .find(|path| path.is_file())
        })
        .ok_or_else(|| {
            EnvoyError("Envoy not found: install it with `cargo xtask setup`, or say where it is: SDK_TESTS_ENVOY".to_owned())
        })
}

impl Envoy {
    /// Starts Envoy and waits until it is ready.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "admin: { … }"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// It does not start, refuses the bootstrap, or is not ready in time.
    pub fn start(options: &EnvoyOptions<'_>) -> Result<Self, EnvoyError> {
        let temporary = match options.dir {
            Some(_) => None,
            None => {
                Some(TempDir::with_prefix("sdk-tests-envoy-").map_err(cannot("make a directory"))?)
            }
        };
        let dir = options
            .dir
            .as_deref()
            .or_else(|| temporary.as_ref().map(TempDir::path));
        let dir = dir.unwrap_or_else(|| Path::new("."));
        let json = options.config.trim_start().starts_with('{');
        let config = dir.join(if json {
            "bootstrap.json"
        } else {
            "bootstrap.yaml"
        });
        fs::write(&config, options.config).map_err(cannot("write the bootstrap"))?;
        let (admin_file, log) = (dir.join("admin"), dir.join("envoy.log"));
        // One from an earlier run would be read as this one's.
        drop(fs::remove_file(&admin_file));
        // Envoy writes its log to standard error at once; `--log-path` would buffer it.
        let stderr = File::create(&log).map_err(cannot("make the log"))?;

        let mut command = Command::new(&options.binary);
        command
            .current_dir(dir)
            .arg("--config-path")
            .arg(&config)
            .arg("--admin-address-path")
            .arg(&admin_file)
            .args(["--disable-hot-restart", "--log-format", logs::FORMAT])
            .args(&options.extra_args)
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        if !options
            .extra_args
            .iter()
            .any(|argument| argument.starts_with("--concurrency"))
        {
            command.args(["--concurrency", "1"]);
        }
        let child = command
            .spawn()
            .map_err(cannot(&format!("run {}", options.binary.display())))?;
        // From here on a failure must not leave the process behind.
        let mut envoy = Self {
            child,
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
            _temporary: temporary,
        };
        let admin = || {
            let address = fs::read_to_string(&admin_file).ok()?.trim().parse().ok()?;
            admin::get(address, "/ready").ok().map(|_| address)
        };
        envoy.admin = envoy.wait_for("be ready", admin)?;
        Ok(envoy)
    }

    /// Polls until there is an answer.
    ///
    /// # Errors
    ///
    /// Envoy has ended, or time is up.
    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        mut poll: impl FnMut() -> Option<T>,
    ) -> Result<T, EnvoyError> {
        let start = Instant::now();
        loop {
            if let Some(answer) = poll() {
                return Ok(answer);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.error(&format!("Envoy ended with {status}")));
            }
            if start.elapsed() > PATIENCE {
                return Err(self.error(&format!("Envoy did not {what} within {PATIENCE:?}")));
            }
            sleep(Duration::from_millis(5));
        }
    }

    fn error(&self, what: &str) -> EnvoyError {
        let log = logs::readable(&self.log());
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        EnvoyError(format!("{what}; its log ends with:\n{tail}"))
    }

    /// Where the admin interface listens.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// println!("http://{}/config_dump", envoy.admin());
    /// # Ok(())
    /// # }
    /// ```
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process's id.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// println!("/proc/{}/stat", envoy.pid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where the listener with this name listens.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// let address = envoy.listener("ingress");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none, or Envoy has ended.
    pub fn listener(&self, name: &str) -> SocketAddr {
        let listeners = admin::listeners(self.admin)
            .unwrap_or_else(|error| panic!("{}", self.error(&format!("no listeners: {error}"))));
        match listeners.get(name) {
            Some(address) => *address,
            None => panic!(
                "no listener \"{name}\" in Envoy, only {:?}",
                listeners.keys()
            ),
        }
    }

    /// All counters and gauges; none if Envoy has ended.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// assert_eq!(envoy.stats()["http.ingress.downstream_rq_2xx"], 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> BTreeMap<String, u64> {
        admin::stats(self.admin, "").unwrap_or_default()
    }

    /// The counters and gauges whose name matches the regular expression.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// let of_plugins = envoy.stats_matching("^wasmcustom");
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats_matching(&self, expression: &str) -> BTreeMap<String, u64> {
        admin::stats(self.admin, expression).unwrap_or_default()
    }

    /// The text of an admin page, such as `/config_dump`.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// assert!(envoy.admin_page("/config_dump")?.contains("my_extension"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// There is no such page, or Envoy has ended.
    pub fn admin_page(&self, path: &str) -> Result<String, EnvoyError> {
        admin::get(self.admin, path).map_err(|error| self.error(&error.to_string()))
    }

    /// Everything that Envoy has logged.
    ///
    /// ```no_run
    /// # use sdk_tests::envoy::{Envoy, EnvoyOptions, find_binary};
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, "…"))?;
    /// assert!(!envoy.log().contains("[critical]"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn log(&self) -> String {
        self.log_from(0)
    }

    /// How many bytes Envoy has logged.
    pub(super) fn log_size(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// What Envoy has logged behind so many bytes.
    pub(super) fn log_from(&self, size: u64) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(size))?;
            log.read_to_end(&mut bytes)
        });
        // A log that cannot be read is as good as none.
        drop(read);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn cannot(what: &str) -> impl Fn(std::io::Error) -> EnvoyError {
    move |error| EnvoyError(format!("cannot {what}: {error}"))
}
