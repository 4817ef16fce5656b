-- A ledger of schema 1, as version 0.1.0 left it on 2026-11-22: `apply contents-only` of the built-in estate `small`
-- into an empty workspace `golden`, killed as its first write was about to be sent. Made by the program of that day in
-- the sandbox; the names of the machine and of its folders are others.
BEGIN TRANSACTION;
CREATE TABLE entry (
	side VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	hint VARCHAR NOT NULL, 
	of_kind VARCHAR NOT NULL, 
	of_key VARCHAR NOT NULL, 
	unsupported TEXT NOT NULL, 
	excluded TEXT NOT NULL, 
	seeded INTEGER NOT NULL, 
	planned INTEGER NOT NULL, 
	twin TEXT NOT NULL, 
	ordinal INTEGER NOT NULL, 
	seen INTEGER NOT NULL, 
	PRIMARY KEY (side, kind, "key")
)
 WITHOUT ROWID

;
INSERT INTO "entry" VALUES('source','alerts','22e3d4c5-b6a7-4899-9bac-1d2e3f4a5b6c','22e3d4c5-b6a7-4899-9bac-1d2e3f4a5b6c','too many late','','','','','',0,0,'',0,1795351483578024627);
INSERT INTO "entry" VALUES('source','cluster_libraries','0613-111111-capeline','0613-111111-capeline','1 on cape line','','','','','',0,0,'',0,1795351483732413746);
INSERT INTO "entry" VALUES('source','cluster_policies','Job Compute','A1B2C3D4E5F60005','Job Compute','','','','','',0,0,'',4,1795351483621472659);
INSERT INTO "entry" VALUES('source','cluster_policies','Personal Compute','A1B2C3D4E5F60004','Personal Compute','','','','','',0,0,'',3,1795351483621472659);
INSERT INTO "entry" VALUES('source','cluster_policies','operations only','A1B2C3D4E5F60001','operations only','','','','','',0,0,'',0,1795351483621472659);
INSERT INTO "entry" VALUES('source','cluster_policies','price team','A1B2C3D4E5F60002','price team','','','','','',0,0,'',1,1795351483621472659);
INSERT INTO "entry" VALUES('source','cluster_policies','small machines','A1B2C3D4E5F60003','small machines','','','','','',0,0,'',2,1795351483621472659);
INSERT INTO "entry" VALUES('source','clusters','0611-081502-adhoc1aa','0611-081502-adhoc1aa','ad hoc','','','','','',0,0,'',0,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0611-081745-adhoc2bb','0611-081745-adhoc2bb','ad hoc','','','','','',0,0,'',1,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0612-101010-islands1','0612-101010-islands1','islands','','','','','',0,0,'',2,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0613-111111-capeline','0613-111111-capeline','cape line','','','','','',0,0,'',3,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0614-121212-solosail','0614-121212-solosail','solo','','','','','',0,0,'',4,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0615-131313-lostpool','0615-131313-lostpool','pool is gone','','','','','',0,0,'',5,1795351483625113549);
INSERT INTO "entry" VALUES('source','clusters','0616-141414-lostpoli','0616-141414-lostpoli','policy is gone','','','','','',0,0,'',6,1795351483625113549);
INSERT INTO "entry" VALUES('source','dashboards','01ef9a8b7c6d5e4f3a2b1c0d9e8f7a6b','01ef9a8b7c6d5e4f3a2b1c0d9e8f7a6b','bridge','','','','','',0,0,'',0,1795351483589614455);
INSERT INTO "entry" VALUES('source','directories','/','0','/','','','','','',0,0,'',0,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Archive','3200000000040028','/Archive','','directories','/','','',0,0,'',1,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Archive/2019','3200000000050035','/Archive/2019','','directories','/Archive','','',0,0,'',2,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Repos','3200000000030021','/Repos','','directories','/','','',0,0,'',3,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Repos/Data.Engineer@ferry.example','3200000000200140','/Repos/Data.Engineer@ferry.example','','directories','/Repos','','',0,0,'',4,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared','3200000000020014','/Shared','','directories','/','','',0,0,'',5,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/empty folder','3200000000080056','/Shared/empty folder','','directories','/Shared','','',0,0,'',6,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/empty folder/still empty','3200000000090063','/Shared/empty folder/still empty','','directories','/Shared/empty folder','','',0,0,'',7,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/git','3200000000110077','/Shared/git','','directories','/Shared','','',0,0,'',8,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/lib','3200000000120084','/Shared/lib','','directories','/Shared','','',0,0,'',9,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/odd names','3200000000100070','/Shared/odd names','','directories','/Shared','','',0,0,'',10,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/timetable','3200000000060042','/Shared/timetable','','directories','/Shared','','',0,0,'',11,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Shared/timetable/checks','3200000000070049','/Shared/timetable/checks','','directories','/Shared/timetable','','',0,0,'',12,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users','3200000000010007','/Users','','directories','/','','',0,0,'',13,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/Data.Engineer@ferry.example','3200000000140098','/Users/Data.Engineer@ferry.example','','directories','/Users','','',0,0,'',14,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/Data.Engineer@ferry.example/drafts','3200000000190133','/Users/Data.Engineer@ferry.example/drafts','','directories','/Users/Data.Engineer@ferry.example','','',0,0,'',15,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/analyst.one@ferry.example','3200000000150105','/Users/analyst.one@ferry.example','','directories','/Users','','',0,0,'',16,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/former.colleague@ferry.example','3200000000180126','/Users/former.colleague@ferry.example','','directories','/Users','','',0,0,'',17,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/kapitän@ferry.example','3200000000160112','/Users/kapitän@ferry.example','','directories','/Users','','',0,0,'',18,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/operations.lead@ferry.example','3200000000130091','/Users/operations.lead@ferry.example','','directories','/Users','','',0,0,'',19,1795351483691570064);
INSERT INTO "entry" VALUES('source','directories','/Users/visitor_partner.example#ext#@ferry.example','3200000000170119','/Users/visitor_partner.example#ext#@ferry.example','','directories','/Users','','',0,0,'',20,1795351483691570064);
INSERT INTO "entry" VALUES('source','files','/Shared/lib/ferry_tools-1.2-py3-none-any.whl','3200000000510357','/Shared/lib/ferry_tools-1.2-py3-none-any.whl','3200000000510357:1722309200000','directories','/Shared/lib','','',0,0,'',0,1795351483720708872);
INSERT INTO "entry" VALUES('source','files','/Shared/lib/init.sh','3200000000520364','/Shared/lib/init.sh','3200000000520364:1722395600000','directories','/Shared/lib','','',0,0,'',1,1795351483720708872);
INSERT INTO "entry" VALUES('source','files','/Shared/lib/looks_like_a_notebook.py','3200000000540378','/Shared/lib/looks_like_a_notebook.py','3200000000540378:1722568400000','directories','/Shared/lib','','',0,0,'',2,1795351483720708872);
INSERT INTO "entry" VALUES('source','files','/Shared/lib/routes.csv','3200000000530371','/Shared/lib/routes.csv','3200000000530371:1722482000000','directories','/Shared/lib','','',0,0,'',3,1795351483720708872);
INSERT INTO "entry" VALUES('source','files','/Users/analyst.one@ferry.example/requirements.txt','3200000000550385','/Users/analyst.one@ferry.example/requirements.txt','3200000000550385:1722654800000','directories','/Users/analyst.one@ferry.example','','',0,0,'',4,1795351483720708872);
INSERT INTO "entry" VALUES('source','files','/Users/kapitän@ferry.example/Logbuch.bin','3200000000560392','/Users/kapitän@ferry.example/Logbuch.bin','3200000000560392:1722741200000','directories','/Users/kapitän@ferry.example','','',0,0,'',5,1795351483720708872);
INSERT INTO "entry" VALUES('source','git_folders','/Repos/Data.Engineer@ferry.example/demand-forecast','3200000000460322','/Repos/Data.Engineer@ferry.example/demand-forecast','','directories','/Repos/Data.Engineer@ferry.example','','',0,0,'',0,1795351483722863344);
INSERT INTO "entry" VALUES('source','git_folders','/Shared/git/handbook','3200000000490343','/Shared/git/handbook','','directories','/Shared/git','','',0,0,'',1,1795351483722863344);
INSERT INTO "entry" VALUES('source','global_init_scripts','AB12CD34EF56AB78','AB12CD34EF56AB78','time zone','','','','','',0,0,'',0,1795351483583297432);
INSERT INTO "entry" VALUES('source','groups','admins','3100000000000301','admins','','','','','',0,0,'',0,1795351483603058965);
INSERT INTO "entry" VALUES('source','groups','all staff','3100000000000306','all staff','','','','','',0,0,'',5,1795351483603058965);
INSERT INTO "entry" VALUES('source','groups','analysts','3100000000000304','analysts','','','','','',0,0,'',3,1795351483603058965);
INSERT INTO "entry" VALUES('source','groups','engineers','3100000000000303','engineers','','','','','',0,0,'',2,1795351483603058965);
INSERT INTO "entry" VALUES('source','groups','users','3100000000000302','users','','','','','',0,0,'',1,1795351483603058965);
INSERT INTO "entry" VALUES('source','groups','Équipe été','3100000000000305','Équipe été','','','','','',0,0,'',4,1795351483603058965);
INSERT INTO "entry" VALUES('source','instance_pools','quay','0614-070512-pool-quay1aaa','quay','','','','','',0,0,'',0,1795351483594577951);
INSERT INTO "entry" VALUES('source','instance_pools','quay, spare','0620-091500-pool-quay2bbb','quay, spare','','','','','',0,0,'',1,1795351483594577951);
INSERT INTO "entry" VALUES('source','jobs','611000111111117','611000111111117','nightly timetable','','','','','',0,0,'',15,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000222222234','611000222222234','refresh prices','','','','','',0,0,'',14,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000333333351','611000333333351','refresh prices','','','','','',0,0,'',13,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000444444468','611000444444468','every port, 150 tasks','','','','','',0,0,'',12,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000555555585','611000555555585','tide in','','','','','',0,0,'',11,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000666666702','611000666666702','tide out','','','','','',0,0,'',10,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000777777819','611000777777819','calls a job that is gone','','','','','',0,0,'',9,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611000888888936','611000888888936','uses a cluster that is gone','','','','','',0,0,'',8,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001000000053','611001000000053','made by a former colleague','','','','','',0,0,'',7,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001111111170','611001111111170','forecast','','','','','',0,0,'',6,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001222222287','611001222222287','when a file arrives','','','','','',0,0,'',5,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001333333404','611001333333404','for each route','','','','','',0,0,'',4,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001444444521','611001444444521','from git','','','','','',0,0,'',3,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001555555638','611001555555638','as many tags as there may be','','','','','',0,0,'',2,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001666666755','611001666666755','bookings pipeline','','','','','',0,0,'',1,1795351483626713016);
INSERT INTO "entry" VALUES('source','jobs','611001777777872','611001777777872','always on','','','','','',0,0,'',0,1795351483626713016);
INSERT INTO "entry" VALUES('source','likeness','workspace','https://adb-7405311928640217.17.azuredatabricks.test','the workspace','','','','','',0,0,'',0,1795351483426562221);
INSERT INTO "entry" VALUES('source','notebooks','/Archive/2019/closing the books','3200000000450315','/Archive/2019/closing the books','3200000000450315:1721963600000','directories','/Archive/2019','','',0,0,'',0,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/ spaces at both ends ','3200000000330231','/Shared/odd names/ spaces at both ends ','3200000000330231:1720926800000','directories','/Shared/odd names','','',0,0,'',1,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/.hidden','3200000000410287','/Shared/odd names/.hidden','3200000000410287:1721618000000','directories','/Shared/odd names','','',0,0,'',2,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/50% of +one & more=less #1','3200000000320224','/Shared/odd names/50% of +one & more=less #1','3200000000320224:1720840400000','directories','/Shared/odd names','','',0,0,'',3,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/ETL','3200000000390273','/Shared/odd names/ETL','3200000000390273:1721445200000','directories','/Shared/odd names','','',0,0,'',4,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/back\slash and "quotes"','3200000000340238','/Shared/odd names/back\slash and "quotes"','3200000000340238:1721013200000','directories','/Shared/odd names','','',0,0,'',5,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/etl','3200000000380266','/Shared/odd names/etl','3200000000380266:1721358800000','directories','/Shared/odd names','','',0,0,'',6,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/été','3200000000370259','/Shared/odd names/été','3200000000370259:1721272400000','directories','/Shared/odd names','','',0,0,'',7,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/report.py','3200000000400280','/Shared/odd names/report.py','3200000000400280:1721531600000','directories','/Shared/odd names','','',0,0,'',8,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/ship 🚢 bell','3200000000350245','/Shared/odd names/ship 🚢 bell','3200000000350245:1721099600000','directories','/Shared/odd names','','',0,0,'',9,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/été','3200000000360252','/Shared/odd names/été','3200000000360252:1721186000000','directories','/Shared/odd names','','',0,0,'',10,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/odd names/時刻表','3200000000310217','/Shared/odd names/時刻表','3200000000310217:1720754000000','directories','/Shared/odd names','','',0,0,'',11,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/all','3200000000250175','/Shared/timetable/all','3200000000250175:1720235600000','directories','/Shared/timetable','','',0,0,'',12,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/checks/empty','3200000000280196','/Shared/timetable/checks/empty','3200000000280196:1720494800000','directories','/Shared/timetable/checks','','',0,0,'',13,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/checks/header only','3200000000270189','/Shared/timetable/checks/header only','3200000000270189:1720408400000','directories','/Shared/timetable/checks','','',0,0,'',14,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/checks/no final newline','3200000000300210','/Shared/timetable/checks/no final newline','3200000000300210:1720667600000','directories','/Shared/timetable/checks','','',0,0,'',15,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/checks/no_gaps','3200000000260182','/Shared/timetable/checks/no_gaps','3200000000260182:1720322000000','directories','/Shared/timetable/checks','','',0,0,'',16,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/checks/windows lines','3200000000290203','/Shared/timetable/checks/windows lines','3200000000290203:1720581200000','directories','/Shared/timetable/checks','','',0,0,'',17,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/clean departures','3200000000220154','/Shared/timetable/clean departures','3200000000220154:1719976400000','directories','/Shared/timetable','','',0,0,'',18,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/delays','3200000000230161','/Shared/timetable/delays','3200000000230161:1720062800000','directories','/Shared/timetable','','',0,0,'',19,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/forecast','3200000000240168','/Shared/timetable/forecast','3200000000240168:1720149200000','directories','/Shared/timetable','','',0,0,'',20,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Shared/timetable/load departures','3200000000210147','/Shared/timetable/load departures','3200000000210147:1719890000000','directories','/Shared/timetable','','',0,0,'',21,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Users/Data.Engineer@ferry.example/drafts/prices','3200000000430301','/Users/Data.Engineer@ferry.example/drafts/prices','3200000000430301:1721790800000','directories','/Users/Data.Engineer@ferry.example/drafts','','',0,0,'',22,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Users/analyst.one@ferry.example/occupancy with results','3200000000420294','/Users/analyst.one@ferry.example/occupancy with results','3200000000420294:1721704400000','directories','/Users/analyst.one@ferry.example','','',0,0,'',23,1795351483721683310);
INSERT INTO "entry" VALUES('source','notebooks','/Users/former.colleague@ferry.example/old prices','3200000000440308','/Users/former.colleague@ferry.example/old prices','3200000000440308:1721877200000','directories','/Users/former.colleague@ferry.example','','',0,0,'',24,1795351483721683310);
INSERT INTO "entry" VALUES('source','permissions','cluster_policies:Job Compute','cluster-policies/A1B2C3D4E5F60005','cluster_policies Job Compute','','cluster_policies','Job Compute','','',0,0,'',56,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','cluster_policies:Personal Compute','cluster-policies/A1B2C3D4E5F60004','cluster_policies Personal Compute','','cluster_policies','Personal Compute','','',0,0,'',57,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','cluster_policies:operations only','cluster-policies/A1B2C3D4E5F60001','cluster_policies operations only','','cluster_policies','operations only','','',0,0,'',58,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','cluster_policies:price team','cluster-policies/A1B2C3D4E5F60002','cluster_policies price team','','cluster_policies','price team','','',0,0,'',59,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','cluster_policies:small machines','cluster-policies/A1B2C3D4E5F60003','cluster_policies small machines','','cluster_policies','small machines','','',0,0,'',60,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0611-081502-adhoc1aa','clusters/0611-081502-adhoc1aa','clusters ad hoc','','clusters','0611-081502-adhoc1aa','','',0,0,'',61,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0611-081745-adhoc2bb','clusters/0611-081745-adhoc2bb','clusters ad hoc','','clusters','0611-081745-adhoc2bb','','',0,0,'',62,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0612-101010-islands1','clusters/0612-101010-islands1','clusters islands','','clusters','0612-101010-islands1','','',0,0,'',63,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0613-111111-capeline','clusters/0613-111111-capeline','clusters cape line','','clusters','0613-111111-capeline','','',0,0,'',64,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0614-121212-solosail','clusters/0614-121212-solosail','clusters solo','','clusters','0614-121212-solosail','','',0,0,'',65,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0615-131313-lostpool','clusters/0615-131313-lostpool','clusters pool is gone','','clusters','0615-131313-lostpool','','',0,0,'',66,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','clusters:0616-141414-lostpoli','clusters/0616-141414-lostpoli','clusters policy is gone','','clusters','0616-141414-lostpoli','','',0,0,'',67,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/','directories/0','directories /','','directories','/','','',0,0,'',0,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Archive','directories/3200000000040028','directories /Archive','','directories','/Archive','','',0,0,'',1,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Archive/2019','directories/3200000000050035','directories /Archive/2019','','directories','/Archive/2019','','',0,0,'',2,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Repos','directories/3200000000030021','directories /Repos','','directories','/Repos','','',0,0,'',3,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Repos/Data.Engineer@ferry.example','directories/3200000000200140','directories /Repos/Data.Engineer@ferry.example','','directories','/Repos/Data.Engineer@ferry.example','','',0,0,'',4,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared','directories/3200000000020014','directories /Shared','','directories','/Shared','','',0,0,'',5,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/empty folder','directories/3200000000080056','directories /Shared/empty folder','','directories','/Shared/empty folder','','',0,0,'',6,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/empty folder/still empty','directories/3200000000090063','directories /Shared/empty folder/still empty','','directories','/Shared/empty folder/still empty','','',0,0,'',7,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/git','directories/3200000000110077','directories /Shared/git','','directories','/Shared/git','','',0,0,'',8,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/lib','directories/3200000000120084','directories /Shared/lib','','directories','/Shared/lib','','',0,0,'',9,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/odd names','directories/3200000000100070','directories /Shared/odd names','','directories','/Shared/odd names','','',0,0,'',10,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/timetable','directories/3200000000060042','directories /Shared/timetable','','directories','/Shared/timetable','','',0,0,'',11,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Shared/timetable/checks','directories/3200000000070049','directories /Shared/timetable/checks','','directories','/Shared/timetable/checks','','',0,0,'',12,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users','directories/3200000000010007','directories /Users','','directories','/Users','','',0,0,'',13,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/Data.Engineer@ferry.example','directories/3200000000140098','directories /Users/Data.Engineer@ferry.example','','directories','/Users/Data.Engineer@ferry.example','','',0,0,'',14,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/Data.Engineer@ferry.example/drafts','directories/3200000000190133','directories /Users/Data.Engineer@ferry.example/drafts','','directories','/Users/Data.Engineer@ferry.example/drafts','','',0,0,'',15,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/analyst.one@ferry.example','directories/3200000000150105','directories /Users/analyst.one@ferry.example','','directories','/Users/analyst.one@ferry.example','','',0,0,'',16,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/former.colleague@ferry.example','directories/3200000000180126','directories /Users/former.colleague@ferry.example','','directories','/Users/former.colleague@ferry.example','','',0,0,'',17,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/kapitän@ferry.example','directories/3200000000160112','directories /Users/kapitän@ferry.example','','directories','/Users/kapitän@ferry.example','','',0,0,'',18,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/operations.lead@ferry.example','directories/3200000000130091','directories /Users/operations.lead@ferry.example','','directories','/Users/operations.lead@ferry.example','','',0,0,'',19,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','directories:/Users/visitor_partner.example#ext#@ferry.example','directories/3200000000170119','directories /Users/visitor_partner.example#ext#@ferry.example','','directories','/Users/visitor_partner.example#ext#@ferry.example','','',0,0,'',20,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Shared/lib/ferry_tools-1.2-py3-none-any.whl','files/3200000000510357','files /Shared/lib/ferry_tools-1.2-py3-none-any.whl','','files','/Shared/lib/ferry_tools-1.2-py3-none-any.whl','','',0,0,'',46,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Shared/lib/init.sh','files/3200000000520364','files /Shared/lib/init.sh','','files','/Shared/lib/init.sh','','',0,0,'',47,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Shared/lib/looks_like_a_notebook.py','files/3200000000540378','files /Shared/lib/looks_like_a_notebook.py','','files','/Shared/lib/looks_like_a_notebook.py','','',0,0,'',48,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Shared/lib/routes.csv','files/3200000000530371','files /Shared/lib/routes.csv','','files','/Shared/lib/routes.csv','','',0,0,'',49,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Users/analyst.one@ferry.example/requirements.txt','files/3200000000550385','files /Users/analyst.one@ferry.example/requirements.txt','','files','/Users/analyst.one@ferry.example/requirements.txt','','',0,0,'',50,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','files:/Users/kapitän@ferry.example/Logbuch.bin','files/3200000000560392','files /Users/kapitän@ferry.example/Logbuch.bin','','files','/Users/kapitän@ferry.example/Logbuch.bin','','',0,0,'',51,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','git_folders:/Repos/Data.Engineer@ferry.example/demand-forecast','repos/3200000000460322','git_folders /Repos/Data.Engineer@ferry.example/demand-forecast','','git_folders','/Repos/Data.Engineer@ferry.example/demand-forecast','','',0,0,'',52,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','git_folders:/Shared/git/handbook','repos/3200000000490343','git_folders /Shared/git/handbook','','git_folders','/Shared/git/handbook','','',0,0,'',53,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','instance_pools:quay','instance-pools/0614-070512-pool-quay1aaa','instance_pools quay','','instance_pools','quay','','',0,0,'',54,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','instance_pools:quay, spare','instance-pools/0620-091500-pool-quay2bbb','instance_pools quay, spare','','instance_pools','quay, spare','','',0,0,'',55,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000111111117','jobs/611000111111117','jobs nightly timetable','','jobs','611000111111117','','',0,0,'',68,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000222222234','jobs/611000222222234','jobs refresh prices','','jobs','611000222222234','','',0,0,'',69,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000333333351','jobs/611000333333351','jobs refresh prices','','jobs','611000333333351','','',0,0,'',70,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000444444468','jobs/611000444444468','jobs every port, 150 tasks','','jobs','611000444444468','','',0,0,'',71,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000555555585','jobs/611000555555585','jobs tide in','','jobs','611000555555585','','',0,0,'',72,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000666666702','jobs/611000666666702','jobs tide out','','jobs','611000666666702','','',0,0,'',73,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000777777819','jobs/611000777777819','jobs calls a job that is gone','','jobs','611000777777819','','',0,0,'',74,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611000888888936','jobs/611000888888936','jobs uses a cluster that is gone','','jobs','611000888888936','','',0,0,'',75,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001000000053','jobs/611001000000053','jobs made by a former colleague','','jobs','611001000000053','','',0,0,'',76,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001111111170','jobs/611001111111170','jobs forecast','','jobs','611001111111170','','',0,0,'',77,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001222222287','jobs/611001222222287','jobs when a file arrives','','jobs','611001222222287','','',0,0,'',78,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001333333404','jobs/611001333333404','jobs for each route','','jobs','611001333333404','','',0,0,'',79,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001444444521','jobs/611001444444521','jobs from git','','jobs','611001444444521','','',0,0,'',80,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001555555638','jobs/611001555555638','jobs as many tags as there may be','','jobs','611001555555638','','',0,0,'',81,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001666666755','jobs/611001666666755','jobs bookings pipeline','','jobs','611001666666755','','',0,0,'',82,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','jobs:611001777777872','jobs/611001777777872','jobs always on','','jobs','611001777777872','','',0,0,'',83,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Archive/2019/closing the books','notebooks/3200000000450315','notebooks /Archive/2019/closing the books','','notebooks','/Archive/2019/closing the books','','',0,0,'',21,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/ spaces at both ends ','notebooks/3200000000330231','notebooks /Shared/odd names/ spaces at both ends ','','notebooks','/Shared/odd names/ spaces at both ends ','','',0,0,'',22,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/.hidden','notebooks/3200000000410287','notebooks /Shared/odd names/.hidden','','notebooks','/Shared/odd names/.hidden','','',0,0,'',23,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/50% of +one & more=less #1','notebooks/3200000000320224','notebooks /Shared/odd names/50% of +one & more=less #1','','notebooks','/Shared/odd names/50% of +one & more=less #1','','',0,0,'',24,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/ETL','notebooks/3200000000390273','notebooks /Shared/odd names/ETL','','notebooks','/Shared/odd names/ETL','','',0,0,'',25,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/back\slash and "quotes"','notebooks/3200000000340238','notebooks /Shared/odd names/back\slash and "quotes"','','notebooks','/Shared/odd names/back\slash and "quotes"','','',0,0,'',26,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/etl','notebooks/3200000000380266','notebooks /Shared/odd names/etl','','notebooks','/Shared/odd names/etl','','',0,0,'',27,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/été','notebooks/3200000000370259','notebooks /Shared/odd names/été','','notebooks','/Shared/odd names/été','','',0,0,'',28,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/report.py','notebooks/3200000000400280','notebooks /Shared/odd names/report.py','','notebooks','/Shared/odd names/report.py','','',0,0,'',29,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/ship 🚢 bell','notebooks/3200000000350245','notebooks /Shared/odd names/ship 🚢 bell','','notebooks','/Shared/odd names/ship 🚢 bell','','',0,0,'',30,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/été','notebooks/3200000000360252','notebooks /Shared/odd names/été','','notebooks','/Shared/odd names/été','','',0,0,'',31,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/odd names/時刻表','notebooks/3200000000310217','notebooks /Shared/odd names/時刻表','','notebooks','/Shared/odd names/時刻表','','',0,0,'',32,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/all','notebooks/3200000000250175','notebooks /Shared/timetable/all','','notebooks','/Shared/timetable/all','','',0,0,'',33,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/checks/empty','notebooks/3200000000280196','notebooks /Shared/timetable/checks/empty','','notebooks','/Shared/timetable/checks/empty','','',0,0,'',34,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/checks/header only','notebooks/3200000000270189','notebooks /Shared/timetable/checks/header only','','notebooks','/Shared/timetable/checks/header only','','',0,0,'',35,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/checks/no final newline','notebooks/3200000000300210','notebooks /Shared/timetable/checks/no final newline','','notebooks','/Shared/timetable/checks/no final newline','','',0,0,'',36,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/checks/no_gaps','notebooks/3200000000260182','notebooks /Shared/timetable/checks/no_gaps','','notebooks','/Shared/timetable/checks/no_gaps','','',0,0,'',37,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/checks/windows lines','notebooks/3200000000290203','notebooks /Shared/timetable/checks/windows lines','','notebooks','/Shared/timetable/checks/windows lines','','',0,0,'',38,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/clean departures','notebooks/3200000000220154','notebooks /Shared/timetable/clean departures','','notebooks','/Shared/timetable/clean departures','','',0,0,'',39,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/delays','notebooks/3200000000230161','notebooks /Shared/timetable/delays','','notebooks','/Shared/timetable/delays','','',0,0,'',40,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/forecast','notebooks/3200000000240168','notebooks /Shared/timetable/forecast','','notebooks','/Shared/timetable/forecast','','',0,0,'',41,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Shared/timetable/load departures','notebooks/3200000000210147','notebooks /Shared/timetable/load departures','','notebooks','/Shared/timetable/load departures','','',0,0,'',42,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Users/Data.Engineer@ferry.example/drafts/prices','notebooks/3200000000430301','notebooks /Users/Data.Engineer@ferry.example/drafts/prices','','notebooks','/Users/Data.Engineer@ferry.example/drafts/prices','','',0,0,'',43,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Users/analyst.one@ferry.example/occupancy with results','notebooks/3200000000420294','notebooks /Users/analyst.one@ferry.example/occupancy with results','','notebooks','/Users/analyst.one@ferry.example/occupancy with results','','',0,0,'',44,1795351483766830092);
INSERT INTO "entry" VALUES('source','permissions','notebooks:/Users/former.colleague@ferry.example/old prices','notebooks/3200000000440308','notebooks /Users/former.colleague@ferry.example/old prices','','notebooks','/Users/former.colleague@ferry.example/old prices','','',0,0,'',45,1795351483766830092);
INSERT INTO "entry" VALUES('source','pipelines','8c5d1f7e-2a34-4b6c-9d01-7e6f5a4b3c21','8c5d1f7e-2a34-4b6c-9d01-7e6f5a4b3c21','bookings','','','','','',0,0,'',0,1795351483589024859);
INSERT INTO "entry" VALUES('source','queries','11d2c3b4-a596-4788-8a9b-0c1d2e3f4a5b','11d2c3b4-a596-4788-8a9b-0c1d2e3f4a5b','late sailings','','','','','',0,0,'',0,1795351483615229271);
INSERT INTO "entry" VALUES('source','secret_acls','feeds','feeds','feeds','','secret_scopes','feeds','','',0,0,'',0,1795351483728735500);
INSERT INTO "entry" VALUES('source','secret_acls','partners','partners','partners','','secret_scopes','partners','','',0,0,'',1,1795351483728735500);
INSERT INTO "entry" VALUES('source','secret_acls','ship/engine@room','ship/engine@room','ship/engine@room','','secret_scopes','ship/engine@room','','',0,0,'',2,1795351483728735500);
INSERT INTO "entry" VALUES('source','secret_acls','vault-backed','vault-backed','vault-backed','','secret_scopes','vault-backed','','',0,0,'',3,1795351483728735500);
INSERT INTO "entry" VALUES('source','secret_scopes','feeds','feeds','feeds','','','','','',0,0,'',0,1795351483596044751);
INSERT INTO "entry" VALUES('source','secret_scopes','partners','partners','partners','','','','','',0,0,'',1,1795351483596044751);
INSERT INTO "entry" VALUES('source','secret_scopes','ship/engine@room','ship/engine@room','ship/engine@room','','','','','',0,0,'',2,1795351483596044751);
INSERT INTO "entry" VALUES('source','secret_scopes','vault-backed','vault-backed','vault-backed','','','','','',0,0,'',3,1795351483596044751);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.02','feeds/feed.02','feeds/feed.02','1719800000001','secret_scopes','feeds','','',0,0,'',1,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.03','feeds/feed.03','feeds/feed.03','1719800000002','secret_scopes','feeds','','',0,0,'',2,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.04','feeds/feed.04','feeds/feed.04','1719800000003','secret_scopes','feeds','','',0,0,'',3,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.05','feeds/feed.05','feeds/feed.05','1719800000004','secret_scopes','feeds','','',0,0,'',4,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.06','feeds/feed.06','feeds/feed.06','1719800000005','secret_scopes','feeds','','',0,0,'',5,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.07','feeds/feed.07','feeds/feed.07','1719800000006','secret_scopes','feeds','','',0,0,'',6,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/feed.08','feeds/feed.08','feeds/feed.08','1719800000007','secret_scopes','feeds','','',0,0,'',7,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','feeds/timetable-token','feeds/timetable-token','feeds/timetable-token','1719800000000','secret_scopes','feeds','','',0,0,'',0,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/binary','partners/binary','partners/binary','1719800000004','secret_scopes','partners','','',0,0,'',12,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/booking-api','partners/booking-api','partners/booking-api','1719800000000','secret_scopes','partners','','',0,0,'',8,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/card_terminal','partners/card_terminal','partners/card_terminal','1719800000001','secret_scopes','partners','','',0,0,'',9,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/connection','partners/connection','partners/connection','1719800000002','secret_scopes','partners','','',0,0,'',10,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/json','partners/json','partners/json','1719800000006','secret_scopes','partners','','',0,0,'',14,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/multi-line','partners/multi-line','partners/multi-line','1719800000003','secret_scopes','partners','','',0,0,'',11,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','partners/spaces','partners/spaces','partners/spaces','1719800000005','secret_scopes','partners','','',0,0,'',13,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-1','ship/engine@room/sensor-1','ship/engine@room/sensor-1','1719800000000','secret_scopes','ship/engine@room','','',0,0,'',15,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-2','ship/engine@room/sensor-2','ship/engine@room/sensor-2','1719800000001','secret_scopes','ship/engine@room','','',0,0,'',16,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-3','ship/engine@room/sensor-3','ship/engine@room/sensor-3','1719800000002','secret_scopes','ship/engine@room','','',0,0,'',17,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-4','ship/engine@room/sensor-4','ship/engine@room/sensor-4','1719800000003','secret_scopes','ship/engine@room','','',0,0,'',18,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-5','ship/engine@room/sensor-5','ship/engine@room/sensor-5','1719800000004','secret_scopes','ship/engine@room','','',0,0,'',19,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-6','ship/engine@room/sensor-6','ship/engine@room/sensor-6','1719800000005','secret_scopes','ship/engine@room','','',0,0,'',20,1795351483738161628);
INSERT INTO "entry" VALUES('source','secrets','ship/engine@room/sensor-7','ship/engine@room/sensor-7','ship/engine@room/sensor-7','1719800000006','secret_scopes','ship/engine@room','','',0,0,'',21,1795351483738161628);
INSERT INTO "entry" VALUES('source','service_principals','5f0a6c1e-38b2-4d57-9a0e-0c4de61b7a11','3100000000000201','sp-nightly','','','','','',0,0,'',0,1795351483597465092);
INSERT INTO "entry" VALUES('source','service_principals','a94d2b70-6e15-4c3f-8b9d-2f7e50c8d322','3100000000000202','sp-deploy','','','','','',0,0,'',1,1795351483597465092);
INSERT INTO "entry" VALUES('source','service_principals','c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60','949738205127900','cmkmigrate-operator','','','','','',0,0,'',2,1795351483597465092);
INSERT INTO "entry" VALUES('source','sql_warehouses','7c1f0a2b3d4e5f60','7c1f0a2b3d4e5f60','counter','','','','','',0,0,'',0,1795351483615592210);
INSERT INTO "entry" VALUES('source','users','analyst.one@ferry.example','3100000000000103','analyst.one@ferry.example','','','','','',0,0,'',2,1795351483598491477);
INSERT INTO "entry" VALUES('source','users','analyst.two@ferry.example','3100000000000104','analyst.two@ferry.example','','','','','',0,0,'',3,1795351483598491477);
INSERT INTO "entry" VALUES('source','users','data.engineer@ferry.example','3100000000000102','Data.Engineer@ferry.example','','','','','',0,0,'',1,1795351483598491477);
INSERT INTO "entry" VALUES('source','users','kapitän@ferry.example','3100000000000105','kapitän@ferry.example','','','','','',0,0,'',4,1795351483598491477);
INSERT INTO "entry" VALUES('source','users','operations.lead@ferry.example','3100000000000101','operations.lead@ferry.example','','','','','',0,0,'',0,1795351483598491477);
INSERT INTO "entry" VALUES('source','users','visitor_partner.example#ext#@ferry.example','3100000000000106','visitor_partner.example#ext#@ferry.example','','','','','',0,0,'',5,1795351483598491477);
INSERT INTO "entry" VALUES('target','likeness','workspace','https://adb-1918844862725715.15.azuredatabricks.test','the workspace','','','','','',0,0,'',0,1795351483463475262);
INSERT INTO "entry" VALUES('target','service_principals','c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60','949738205127900','cmkmigrate-operator','','','','','',0,0,'',0,1795351483738715852);
CREATE TABLE event (
	id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	what VARCHAR NOT NULL, 
	step VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "event" VALUES(1,1.79535148323639225957e+09,'step','likeness','','','','');
INSERT INTO "event" VALUES(2,1.79535148357225728035e+09,'step','contents','','','','');
CREATE TABLE evidence (
	at FLOAT NOT NULL, 
	depth VARCHAR NOT NULL, 
	complete INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (at)
);
CREATE TABLE item (
	step VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	side VARCHAR NOT NULL, 
	pass INTEGER NOT NULL, 
	do VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	id VARCHAR NOT NULL, 
	ours INTEGER NOT NULL, 
	source_hint VARCHAR NOT NULL, 
	target_hint VARCHAR NOT NULL, 
	operation_url TEXT NOT NULL, 
	lands_by FLOAT NOT NULL, 
	tries INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (step, kind, "key", side)
)
 WITHOUT ROWID

;
INSERT INTO "item" VALUES('contents','alerts','22e3d4c5-b6a7-4899-9bac-1d2e3f4a5b6c','target',1,'unsupported','unsupported','too many late','not moved by this version','[]','',0,'','','',0.0,0,1.79535148376859474183e+09);
INSERT INTO "item" VALUES('contents','dashboards','01ef9a8b7c6d5e4f3a2b1c0d9e8f7a6b','target',1,'unsupported','unsupported','bridge','not moved by this version','[]','',0,'','','',0.0,0,1.79535148378252100943e+09);
INSERT INTO "item" VALUES('contents','global_init_scripts','AB12CD34EF56AB78','target',1,'unsupported','unsupported','time zone','not moved by this version','[]','',0,'','','',0.0,0,1.79535148378342366212e+09);
INSERT INTO "item" VALUES('contents','instance_pools','quay','target',1,'','planned','quay','','[]','',0,'','','',0.0,0,1.79535148376835942268e+09);
INSERT INTO "item" VALUES('contents','instance_pools','quay, spare','target',1,'','planned','quay, spare','','[]','',0,'','','',0.0,0,1.79535148376836633686e+09);
INSERT INTO "item" VALUES('contents','pipelines','8c5d1f7e-2a34-4b6c-9d01-7e6f5a4b3c21','target',1,'unsupported','unsupported','bookings','not moved by this version','[]','',0,'','','',0.0,0,1.79535148378274202348e+09);
INSERT INTO "item" VALUES('contents','queries','11d2c3b4-a596-4788-8a9b-0c1d2e3f4a5b','target',1,'unsupported','unsupported','late sailings','not moved by this version','[]','',0,'','','',0.0,0,1.79535148380062627789e+09);
INSERT INTO "item" VALUES('contents','secret_scopes','feeds','target',1,'','planned','feeds','','[]','',0,'','','',0.0,0,1.79535148376894474028e+09);
INSERT INTO "item" VALUES('contents','secret_scopes','partners','target',1,'','planned','partners','','[]','',0,'','','',0.0,0,1.79535148376894974713e+09);
INSERT INTO "item" VALUES('contents','secret_scopes','ship/engine@room','target',1,'','planned','ship/engine@room','','[]','',0,'','','',0.0,0,1.79535148376895284652e+09);
INSERT INTO "item" VALUES('contents','secret_scopes','vault-backed','target',1,'','planned','vault-backed','','[]','',0,'','','',0.0,0,1.79535148376895570751e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.02','target',1,'','planned','feeds/feed.02','','[]','',0,'','','',0.0,0,1.79535148381414794921e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.03','target',1,'','planned','feeds/feed.03','','[]','',0,'','','',0.0,0,1.79535148381415939327e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.04','target',1,'','planned','feeds/feed.04','','[]','',0,'','','',0.0,0,1.79535148381416320801e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.05','target',1,'','planned','feeds/feed.05','','[]','',0,'','','',0.0,0,1.79535148381416654588e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.06','target',1,'','planned','feeds/feed.06','','[]','',0,'','','',0.0,0,1.79535148381416964527e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.07','target',1,'','planned','feeds/feed.07','','[]','',0,'','','',0.0,0,1.79535148381417298318e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/feed.08','target',1,'','planned','feeds/feed.08','','[]','',0,'','','',0.0,0,1.79535148381417584417e+09);
INSERT INTO "item" VALUES('contents','secrets','feeds/timetable-token','target',1,'','planned','feeds/timetable-token','','[]','',0,'','','',0.0,0,1.79535148381417942044e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/binary','target',1,'','planned','partners/binary','','[]','',0,'','','',0.0,0,1.79535148381418228156e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/booking-api','target',1,'','planned','partners/booking-api','','[]','',0,'','','',0.0,0,1.79535148381418538095e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/card_terminal','target',1,'','planned','partners/card_terminal','','[]','',0,'','','',0.0,0,1.79535148381418848033e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/connection','target',1,'','planned','partners/connection','','[]','',0,'','','',0.0,0,1.7953514838141918182e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/json','target',1,'','planned','partners/json','','[]','',0,'','','',0.0,0,1.79535148381419491772e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/multi-line','target',1,'','planned','partners/multi-line','','[]','',0,'','','',0.0,0,1.7953514838141980171e+09);
INSERT INTO "item" VALUES('contents','secrets','partners/spaces','target',1,'','planned','partners/spaces','','[]','',0,'','','',0.0,0,1.79535148381420111649e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-1','target',1,'','planned','ship/engine@room/sensor-1','','[]','',0,'','','',0.0,0,1.79535148381420397761e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-2','target',1,'','planned','ship/engine@room/sensor-2','','[]','',0,'','','',0.0,0,1.795351483814207077e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-3','target',1,'','planned','ship/engine@room/sensor-3','','[]','',0,'','','',0.0,0,1795351483.81421);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-4','target',1,'','planned','ship/engine@room/sensor-4','','[]','',0,'','','',0.0,0,1.79535148381421279912e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-5','target',1,'','planned','ship/engine@room/sensor-5','','[]','',0,'','','',0.0,0,1.79535148381421566011e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-6','target',1,'','planned','ship/engine@room/sensor-6','','[]','',0,'','','',0.0,0,1.7953514838142187595e+09);
INSERT INTO "item" VALUES('contents','secrets','ship/engine@room/sensor-7','target',1,'','planned','ship/engine@room/sensor-7','','[]','',0,'','','',0.0,0,1.79535148381422185893e+09);
INSERT INTO "item" VALUES('contents','service_principals','5f0a6c1e-38b2-4d57-9a0e-0c4de61b7a11','target',1,'','planned','sp-nightly','','[]','',0,'','','',0.0,0,1.79535148376394820216e+09);
INSERT INTO "item" VALUES('contents','service_principals','a94d2b70-6e15-4c3f-8b9d-2f7e50c8d322','target',1,'','planned','sp-deploy','','[]','',0,'','','',0.0,0,1.79535148376395416259e+09);
INSERT INTO "item" VALUES('contents','service_principals','c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60','target',1,'','planned','cmkmigrate-operator','','[]','',0,'','','',0.0,0,1.79535148376395773889e+09);
INSERT INTO "item" VALUES('contents','sql_warehouses','7c1f0a2b3d4e5f60','target',1,'unsupported','unsupported','counter','not moved by this version','[]','',0,'','','',0.0,0,1.79535148380983018874e+09);
INSERT INTO "item" VALUES('contents','users','analyst.one@ferry.example','target',1,'','planned','analyst.one@ferry.example','','[]','',0,'','','',0.0,0,1.79535148376373267179e+09);
INSERT INTO "item" VALUES('contents','users','analyst.two@ferry.example','target',1,'','planned','analyst.two@ferry.example','','[]','',0,'','','',0.0,0,1.79535148376374292375e+09);
INSERT INTO "item" VALUES('contents','users','data.engineer@ferry.example','target',1,'','planned','Data.Engineer@ferry.example','','[]','',0,'','','',0.0,0,1.79535148376374697684e+09);
INSERT INTO "item" VALUES('contents','users','kapitän@ferry.example','target',1,'','planned','kapitän@ferry.example','','[]','',0,'','','',0.0,0,1795351483.76375);
INSERT INTO "item" VALUES('contents','users','operations.lead@ferry.example','target',1,'','planned','operations.lead@ferry.example','','[]','',0,'','','',0.0,0,1.79535148376375317579e+09);
INSERT INTO "item" VALUES('contents','users','visitor_partner.example#ext#@ferry.example','target',1,'','planned','visitor_partner.example#ext#@ferry.example','','[]','',0,'','','',0.0,0,1.79535148376375603678e+09);
INSERT INTO "item" VALUES('likeness','likeness','workspace','target',1,'keep','done','the workspace','already there, and equal','[]','https://adb-1918844862725715.15.azuredatabricks.test',0,'','','',0.0,0,1.79535148347735118868e+09);
CREATE TABLE lock (
	one INTEGER NOT NULL, 
	token INTEGER NOT NULL, 
	holder VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	beat FLOAT NOT NULL, 
	PRIMARY KEY (one)
);
INSERT INTO "lock" VALUES(1,1,'ann@laptop','laptop',15141,1.79535148381836891177e+09);
CREATE TABLE meta (
	k VARCHAR NOT NULL, 
	v TEXT NOT NULL, 
	PRIMARY KEY (k)
);
INSERT INTO "meta" VALUES('run','f55c7d14-cd7c-4a1e-b62e-b303256f1311');
INSERT INTO "meta" VALUES('playbook','# Moves what one workspace holds into another that exists. No key, no vault and no workspace is created or changed.
playbook: contents-only
about: Move what a workspace holds into another one that exists

params:
  source:
    type: workspace
    about: the old workspace, by ARM id or by https URL
  target:
    type: workspace
    about: the new workspace, by ARM id or by https URL
  source_profile:
    type: text
    default: ""
    about: profile of ~/.databrickscfg to sign in to the old workspace with, where it is given by URL
  target_profile:
    type: text
    default: ""
    about: profile of ~/.databrickscfg to sign in to the new workspace with, where it is given by URL

  accept_differences:
    type: list
    default: []
    about: of what the new workspace may lack (runtimes, node_types, metastore, ...), what does not matter to you

source: "${params.source}"
target: "${params.target}"

steps:
  # The other workspace is no clone of this one: what differs is said before anything is copied.
  - id: likeness
    kind: likeness
    with:
      accept: "${params.accept_differences}"

  - id: contents
    kinds: all
');
INSERT INTO "meta" VALUES('playbook_path','contents-only.yaml');
INSERT INTO "meta" VALUES('params','{"accept_differences": [], "source": "/subscriptions/3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911/resourceGroups/rg-small/providers/Microsoft.Databricks/workspaces/small", "source_profile": "", "target": "/subscriptions/3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911/resourceGroups/rg-golden/providers/Microsoft.Databricks/workspaces/golden", "target_profile": ""}');
INSERT INTO "meta" VALUES('identity','e49f49d0c453');
INSERT INTO "meta" VALUES('source','/subscriptions/3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911/resourceGroups/rg-small/providers/Microsoft.Databricks/workspaces/small');
INSERT INTO "meta" VALUES('tool','0.1.0');
INSERT INTO "meta" VALUES('created','1795351482.149837');
INSERT INTO "meta" VALUES('preflight','[{"check": "PF01", "title": "Tenant and subscription reachable", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "the subscription 3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911 of the tenant 7b1e0d3c-5a64-4f0e-9f43-2f8f0c6f7d10 is Enabled", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF02", "title": "Resource providers registered", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: nothing is provisioned", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF03", "title": "The plan is Premium", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: nothing is put under a key", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF04", "title": "The workspaces are in a settled state", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "small is Succeeded", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF05", "title": "No lock in the way", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: nothing is provisioned", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF06", "title": "No policy refuses it", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no resource is made or changed", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF07", "title": "Vault in the same tenant", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no vault is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF08", "title": "Vault in the region of the workspace", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no vault is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF09", "title": "Soft delete and purge protection", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no vault is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF10", "title": "Vault firewall lets the services in", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no vault is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF11", "title": "Key of the right kind, enabled and in time", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no key is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF12", "title": "Version that is named against the newest", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no version is named", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF13", "title": "AzureDatabricks principal present", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no grant is made", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF14", "title": "Storage identity", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: dbfs_root is not put under a key", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF15", "title": "Disk encryption set identity", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: managed_disks is not put under a key", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF16", "title": "Grants of the three identities", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no key is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF18", "title": "Running compute and jobs", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "no cluster, warehouse or job is running", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF19", "title": "Vault name free and not soft-deleted", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no vault is used", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF20", "title": "Name of the managed resource group free", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no workspace is made", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF21", "title": "The network of the new workspace", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "does not apply: no workspace is made", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF22", "title": "Core quota", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "10000 of 10000 cores are left in westeurope", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF23", "title": "Target free, empty or ours", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "the target is empty", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF24", "title": "Operator is administrator on both sides", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60 is an administrator of the old workspace", "fix": "", "advice": "", "held": false}, {"status": "pass", "evidence": "c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60 is an administrator of the new workspace", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF25", "title": "Unity Catalog: the same metastore", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "both have the metastore 599b1596-a08f-5946-89dc-2f6ce2c1f3d7", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF26", "title": "Rate budget, disk space, clock", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "74,813 MB are free for the run directory", "fix": "", "advice": "", "held": false}, {"status": "pass", "evidence": "this clock is 1 s ahead of Azure''s", "fix": "", "advice": "", "held": false}, {"status": "pass", "evidence": "the source is called at most so often a second: exports without a limit, ACLs without a limit, secrets without a limit", "fix": "", "advice": "", "held": false}, {"status": "pass", "evidence": "the target is called at most so often a second: imports without a limit, ACLs without a limit, secrets without a limit", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF27", "title": "Objects that are not moved", "status": "warn", "blocks": false, "seen": [{"status": "warn", "evidence": "1 alerts: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 dashboards: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 global init scripts: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 pipelines: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 queries: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 sql warehouses: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}, {"status": "warn", "evidence": "1 other objects: not moved by this version", "fix": "", "advice": "make these by hand in the new workspace, or do without them", "held": false}], "accepted": ""}, {"check": "PF28", "title": "Secret scopes can be read", "status": "warn", "blocks": false, "seen": [{"status": "warn", "evidence": "scopes that a key vault backs (vault-backed) have been refused to service principals", "fix": "", "advice": "sign in as a user, or have a user make these scopes", "held": false}], "accepted": ""}, {"check": "PF29", "title": "Storage credentials tied to the old workspace", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "none of 0 storage credentials goes by the old workspace''s own identity", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF30", "title": "Run directory private, nobody at work on it", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "runs/golden is the owner''s alone, or will be", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PF31", "title": "The operator''s rights in Azure", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "all 4 rights are there", "fix": "", "advice": "", "held": false}], "accepted": ""}, {"check": "PLAN", "title": "Every step that provisions can be planned", "status": "pass", "blocks": false, "seen": [{"status": "pass", "evidence": "all of them", "fix": "", "advice": "", "held": false}], "accepted": ""}]');
INSERT INTO "meta" VALUES('schema_version','1');
INSERT INTO "meta" VALUES('ask.pause','');
INSERT INTO "meta" VALUES('ask.abort','');
INSERT INTO "meta" VALUES('ask.parallelism','');
INSERT INTO "meta" VALUES('ask.source-share','');
CREATE TABLE original (
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (kind, "key", path)
)
 WITHOUT ROWID

;
INSERT INTO "original" VALUES('instance_pools','quay','min_idle_instances','[0]');
INSERT INTO "original" VALUES('instance_pools','quay, spare','min_idle_instances','[0]');
CREATE TABLE step (
	id VARCHAR NOT NULL, 
	pass INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "step" VALUES('likeness',1,'done','','{}');
INSERT INTO "step" VALUES('contents',1,'running','','{}');
CREATE INDEX entry_id ON entry (side, kind, id);
CREATE INDEX item_open ON item (step, kind, state);
COMMIT;
