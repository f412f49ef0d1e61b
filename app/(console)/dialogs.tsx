'use client';
// Every dialog by the name that opens it (components/shell/dialog-url.ts); their code is loaded
// when they are.
import dynamic from 'next/dynamic';
import { DialogOutlet, type DialogTable } from '#components/shell/dialog-outlet.tsx';

const DIALOG_TABLE: DialogTable = {
  migrate: dynamic(() =>
    import('#components/migration/migrate-dialog.tsx').then((file) => file.MigrateDialog),
  ),
  power: dynamic(() => import('#components/vms/power-dialog.tsx').then((file) => file.PowerDialog)),
  takeSnapshot: dynamic(() =>
    import('#components/snapshots/edit-snapshot-dialogs.tsx').then(
      (file) => file.TakeSnapshotDialog,
    ),
  ),
  renameSnapshot: dynamic(() =>
    import('#components/snapshots/edit-snapshot-dialogs.tsx').then(
      (file) => file.RenameSnapshotDialog,
    ),
  ),
  revertSnapshot: dynamic(() =>
    import('#components/snapshots/revert-snapshot-dialog.tsx').then(
      (file) => file.RevertSnapshotDialog,
    ),
  ),
  removeSnapshot: dynamic(() =>
    import('#components/snapshots/remove-snapshot-dialog.tsx').then(
      (file) => file.RemoveSnapshotDialog,
    ),
  ),
  consolidate: dynamic(() =>
    import('#components/snapshots/consolidate-dialog.tsx').then((file) => file.ConsolidateDialog),
  ),
  addDisk: dynamic(() =>
    import('#components/disks/add-disk-dialog.tsx').then((file) => file.AddDiskDialog),
  ),
  growDisk: dynamic(() =>
    import('#components/disks/grow-disk-dialog.tsx').then((file) => file.GrowDiskDialog),
  ),
  removeDisk: dynamic(() =>
    import('#components/disks/remove-disk-dialog.tsx').then((file) => file.RemoveDiskDialog),
  ),
  clone: dynamic(() =>
    import('#components/clones/clone-dialog.tsx').then((file) => file.CloneDialog),
  ),
  markTemplate: dynamic(() =>
    import('#components/clones/mark-template-dialog.tsx').then((file) => file.MarkTemplateDialog),
  ),
  deleteVm: dynamic(() =>
    import('#components/vms/delete-vm-dialog.tsx').then((file) => file.DeleteVmDialog),
  ),
  createDatastore: dynamic(() =>
    import('#components/datastores/create-datastore-dialog.tsx').then(
      (file) => file.CreateDatastoreDialog,
    ),
  ),
  mountDatastore: dynamic(() =>
    import('#components/datastores/mount-datastore-dialog.tsx').then(
      (file) => file.MountDatastoreDialog,
    ),
  ),
  deleteDatastore: dynamic(() =>
    import('#components/datastores/delete-datastore-dialog.tsx').then(
      (file) => file.DeleteDatastoreDialog,
    ),
  ),
  editPolicies: dynamic(() =>
    import('#components/vms/edit-policies-dialog.tsx').then((file) => file.EditPoliciesDialog),
  ),
  startWorkload: dynamic(() =>
    import('#components/workloads/start-workload-dialog.tsx').then(
      (file) => file.StartWorkloadDialog,
    ),
  ),
  importVm: dynamic(() =>
    import('#components/imports/import-vm-dialog.tsx').then((file) => file.ImportVmDialog),
  ),
  addHost: dynamic(() =>
    import('#components/hosts/add-host-dialog.tsx').then((file) => file.AddHostDialog),
  ),
  moveHost: dynamic(() =>
    import('#components/hosts/move-host-dialog.tsx').then((file) => file.MoveHostDialog),
  ),
  removeHost: dynamic(() =>
    import('#components/hosts/remove-host-dialog.tsx').then((file) => file.RemoveHostDialog),
  ),
  maintenance: dynamic(() =>
    import('#components/hosts/maintenance-dialog.tsx').then((file) => file.MaintenanceDialog),
  ),
  configureFlash: dynamic(() =>
    import('#components/hosts/configure-flash-dialog.tsx').then(
      (file) => file.ConfigureFlashDialog,
    ),
  ),
  removeFlashContent: dynamic(() =>
    import('#components/hosts/remove-flash-content-dialog.tsx').then(
      (file) => file.RemoveFlashContentDialog,
    ),
  ),
  connection: dynamic(() =>
    import('#components/hosts/connection-dialog.tsx').then((file) => file.ConnectionDialog),
  ),
  installFilter: dynamic(() =>
    import('#components/clusters/install-filter-dialog.tsx').then(
      (file) => file.InstallFilterDialog,
    ),
  ),
  upgradeFilter: dynamic(() =>
    import('#components/clusters/upgrade-filter-dialog.tsx').then(
      (file) => file.UpgradeFilterDialog,
    ),
  ),
  uninstallFilter: dynamic(() =>
    import('#components/clusters/uninstall-filter-dialog.tsx').then(
      (file) => file.UninstallFilterDialog,
    ),
  ),
  editDrs: dynamic(() =>
    import('#components/drs/edit-drs-dialog.tsx').then((file) => file.EditDrsDialog),
  ),
  editHa: dynamic(() =>
    import('#components/availability/edit-ha-dialog.tsx').then((file) => file.EditHaDialog),
  ),
  restartPriority: dynamic(() =>
    import('#components/availability/restart-priority-dialog.tsx').then(
      (file) => file.RestartPriorityDialog,
    ),
  ),
  policy: dynamic(() =>
    import('#components/policies/policy-dialog.tsx').then((file) => file.PolicyDialog),
  ),
  deletePolicy: dynamic(() =>
    import('#components/policies/delete-policy-dialog.tsx').then((file) => file.DeletePolicyDialog),
  ),
  addKeyProvider: dynamic(() =>
    import('#components/keys/key-provider-dialogs.tsx').then((file) => file.AddKeyProviderDialog),
  ),
  addKmipProvider: dynamic(() =>
    import('#components/keys/key-server-dialogs.tsx').then((file) => file.AddKmipProviderDialog),
  ),
  changeKeyServer: dynamic(() =>
    import('#components/keys/key-server-dialogs.tsx').then((file) => file.ChangeKeyServerDialog),
  ),
  checkKeyProvider: dynamic(() =>
    import('#components/keys/key-server-dialogs.tsx').then((file) => file.CheckKeyProviderDialog),
  ),
  defaultKeyProvider: dynamic(() =>
    import('#components/keys/key-provider-dialogs.tsx').then(
      (file) => file.DefaultKeyProviderDialog,
    ),
  ),
  deleteKeyProvider: dynamic(() =>
    import('#components/keys/key-provider-dialogs.tsx').then(
      (file) => file.DeleteKeyProviderDialog,
    ),
  ),
  backUpKeyProvider: dynamic(() =>
    import('#components/keys/key-backup-dialogs.tsx').then((file) => file.BackUpKeyProviderDialog),
  ),
  restoreKeyProvider: dynamic(() =>
    import('#components/keys/key-backup-dialogs.tsx').then((file) => file.RestoreKeyProviderDialog),
  ),
  recrypt: dynamic(() =>
    import('#components/keys/recrypt-vm-dialog.tsx').then((file) => file.RecryptVmDialog),
  ),
  pairTarget: dynamic(() =>
    import('#components/replication/target-dialogs.tsx').then((file) => file.PairTargetDialog),
  ),
  renameTarget: dynamic(() =>
    import('#components/replication/target-dialogs.tsx').then((file) => file.RenameTargetDialog),
  ),
  checkTarget: dynamic(() =>
    import('#components/replication/target-dialogs.tsx').then((file) => file.CheckTargetDialog),
  ),
  removeTarget: dynamic(() =>
    import('#components/replication/target-dialogs.tsx').then((file) => file.RemoveTargetDialog),
  ),
  recover: dynamic(() =>
    import('#components/replication/recovery-dialogs.tsx').then((file) => file.RecoverDialog),
  ),
  addBookmark: dynamic(() =>
    import('#components/replication/recovery-dialogs.tsx').then((file) => file.AddBookmarkDialog),
  ),
  endTest: dynamic(() =>
    import('#components/replication/recovery-dialogs.tsx').then((file) => file.EndTestDialog),
  ),
  failOver: dynamic(() =>
    import('#components/failover/failover-dialogs.tsx').then((file) => file.FailOverDialog),
  ),
  undoFailover: dynamic(() =>
    import('#components/failover/failover-dialogs.tsx').then((file) => file.UndoFailoverDialog),
  ),
  commitFailover: dynamic(() =>
    import('#components/failover/failover-dialogs.tsx').then((file) => file.CommitFailoverDialog),
  ),
  renameObject: dynamic(() =>
    import('#components/inventory/object-dialogs.tsx').then((file) => file.RenameObjectDialog),
  ),
  moveObject: dynamic(() =>
    import('#components/inventory/move-object-dialog.tsx').then((file) => file.MoveObjectDialog),
  ),
  deleteObject: dynamic(() =>
    import('#components/inventory/object-dialogs.tsx').then((file) => file.DeleteObjectDialog),
  ),
  createFolder: dynamic(() =>
    import('#components/inventory/create-place-dialogs.tsx').then(
      (file) => file.CreateFolderDialog,
    ),
  ),
  createCluster: dynamic(() =>
    import('#components/inventory/create-place-dialogs.tsx').then(
      (file) => file.CreateClusterDialog,
    ),
  ),
  createDatacenter: dynamic(() =>
    import('#components/inventory/create-place-dialogs.tsx').then(
      (file) => file.CreateDatacenterDialog,
    ),
  ),
  assignTags: dynamic(() =>
    import('#components/inventory/assign-tags-dialog.tsx').then((file) => file.AssignTagsDialog),
  ),
  customValues: dynamic(() =>
    import('#components/inventory/custom-value-dialogs.tsx').then(
      (file) => file.CustomValuesDialog,
    ),
  ),
  tagCategory: dynamic(() =>
    import('#components/inventory/tag-category-dialogs.tsx').then((file) => file.TagCategoryDialog),
  ),
  deleteTagCategory: dynamic(() =>
    import('#components/inventory/tag-category-dialogs.tsx').then(
      (file) => file.DeleteTagCategoryDialog,
    ),
  ),
  tag: dynamic(() =>
    import('#components/inventory/tag-dialogs.tsx').then((file) => file.TagDialog),
  ),
  deleteTag: dynamic(() =>
    import('#components/inventory/tag-dialogs.tsx').then((file) => file.DeleteTagDialog),
  ),
  customField: dynamic(() =>
    import('#components/inventory/custom-value-dialogs.tsx').then((file) => file.CustomFieldDialog),
  ),
  deleteCustomField: dynamic(() =>
    import('#components/inventory/custom-value-dialogs.tsx').then(
      (file) => file.DeleteCustomFieldDialog,
    ),
  ),
  uploadVib: dynamic(() =>
    import('#components/depot/upload-dialogs.tsx').then((file) => file.UploadVibDialog),
  ),
  uploadTrace: dynamic(() =>
    import('#components/depot/upload-dialogs.tsx').then((file) => file.UploadTraceDialog),
  ),
  createPool: dynamic(() =>
    import('#components/pools/pool-dialogs.tsx').then((file) => file.CreatePoolDialog),
  ),
  editPool: dynamic(() =>
    import('#components/pools/pool-dialogs.tsx').then((file) => file.EditPoolDialog),
  ),
  deletePool: dynamic(() =>
    import('#components/pools/delete-pool-dialog.tsx').then((file) => file.DeletePoolDialog),
  ),
  assignToPool: dynamic(() =>
    import('#components/pools/assign-to-pool-dialog.tsx').then((file) => file.AssignToPoolDialog),
  ),
  addOnlineDepot: dynamic(() =>
    import('#components/depot/online-depot-dialogs.tsx').then((file) => file.AddOnlineDepotDialog),
  ),
  changeOnlineDepot: dynamic(() =>
    import('#components/depot/online-depot-dialogs.tsx').then(
      (file) => file.ChangeOnlineDepotDialog,
    ),
  ),
  removeOnlineDepot: dynamic(() =>
    import('#components/depot/online-depot-dialogs.tsx').then(
      (file) => file.RemoveOnlineDepotDialog,
    ),
  ),
  deleteVib: dynamic(() =>
    import('#components/depot/delete-vib-dialog.tsx').then((file) => file.DeleteVibDialog),
  ),
  changePassword: dynamic(() =>
    import('#components/shell/change-password-dialog.tsx').then(
      (file) => file.ChangePasswordDialog,
    ),
  ),
};

export function Dialogs() {
  return <DialogOutlet dialogs={DIALOG_TABLE} />;
}
